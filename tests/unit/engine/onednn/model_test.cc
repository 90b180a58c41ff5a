// Whole models whose kernels are oneDNN's, beside portable ones.
#include <atomic>
#include <thread>

#include "allocations.h"
#include "engine_fixture.h"
#include "fedge/engine/plan.h"
#include "fedge/engine/providers.h"
#include "kernel_check.h"

namespace fedge::testing {
namespace {

// Residual and depthwise blocks, a concatenation, a linear layer.
ProgramBuilder Net() {
  ProgramBuilder b;
  const Dim n(0, 1);
  ValueId x = b.Input("x", {n, 3, 20, 20});
  x = b.Relu(b.BatchNorm(b.Conv(x, 16, 3)));
  x = b.Relu(b.Sum(x, b.Conv(b.Relu(b.Conv(x, 16, 3)), 16, 3)));
  x = b.Relu(b.Conv(x, 16, 3, {.groups = 16}));
  x = b.Add(op::Concat{1}, {b.Conv(x, 16, 1), b.Conv(x, 32, 3)});
  x = b.Add(op::Pool{.kernel = {2, 2}, .stride = {2, 2}}, {x});
  x = b.AddShaped(op::Reshape{}, x, {n, 4800});
  x = b.Relu(b.Add(op::Linear{}, {x, b.Random({64, 4800}), b.Random({64})}));
  b.Output("y", b.Add(op::Linear{}, {x, b.Random({10, 64}), b.Random({10})}));
  return b;
}

class OneDnnModelTest : public OneDnnTest {
 protected:
  static ModelOptions WithOneDnn() {
    return {.providers = DefaultProviders({.onednn = {.small_linear_bytes = 0}})};
  }
};

TEST_F(OneDnnModelTest, GivesWhatPortableKernelsGive) {
  const TestModel portable(Net());
  const TestModel model(Net(), WithOneDnn());
  for (const std::int64_t batch : {1, 3}) {
    const Buffers inputs = RandomInputs(*model.get(), batch);
    ExpectNear(RunModel(model, batch, inputs), RunModel(portable, batch, inputs));
  }
}

TEST_F(OneDnnModelTest, ARowGivesTheSameBytesInAnyBatch) {
  const TestModel model(Net(), WithOneDnn());
  const Buffers inputs = RandomInputs(*model.get(), 17);
  const Buffers whole = RunModel(model, 17, inputs);
  const std::size_t in = inputs[0].size() / 17, out = whole[0].size() / 17;
  for (const std::size_t batch : {1u, 2u, 3u, 5u, 8u}) {
    const Buffers part = {
        {inputs[0].end() - static_cast<std::ptrdiff_t>(batch * in), inputs[0].end()}};
    const Buffers outputs = RunModel(model, static_cast<std::int64_t>(batch), part);
    EXPECT_TRUE(std::equal(outputs[0].begin(), outputs[0].end(),
                           whole[0].end() - static_cast<std::ptrdiff_t>(batch * out)))
        << "a batch of " << batch;
  }
}

// Packed constants need not stay in memory, and are packed once for all batches.
TEST_F(OneDnnModelTest, WeightsArePackedOnce) {
  ProgramBuilder b;
  const ValueId x = b.Relu(b.Conv(b.Input("x", {Dim(0, 1), 16, 20, 20}), 32, 3));
  b.Output("y", b.Add(op::Reduce{op::Reduce::Kind::kMean, {2, 3}}, {b.Conv(x, 32, 3)}));
  const TestModel model(b, WithOneDnn());
  const std::size_t packed = model->statistics().packed_bytes;
  EXPECT_GE(packed, (16u + 32u) * 32u * 9u * sizeof(float));
  const auto plan = model->PlanFor(5);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(model->statistics().packed_bytes, packed);
  for (const auto& view : (*plan)->views) {
    if (view.memory == fedge::internal::Memory::kConstant) {
      EXPECT_EQ(view.constant, nullptr);
    }
  }
}

TEST_F(OneDnnModelTest, ThreadsRunOneModel) {
  const TestModel model(Net(), WithOneDnn());
  const Buffers inputs = RandomInputs(*model.get(), 2);
  const Buffers expected = RunModel(model, 2, inputs);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        Context context(model.get());
        Buffers outputs;
        for (int run = 0; run < 20; ++run) {
          if (!RunContext(context, 2, inputs, outputs).ok() || outputs != expected) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(OneDnnModelTest, EveryRunAllocatesAlike) {
  const TestModel model(Net(), WithOneDnn());
  const Buffers inputs = RandomInputs(*model.get(), 2);
  Buffers outputs = RunModel(model, 2, inputs);
  const std::span<const std::byte> in(inputs[0]);
  const std::span<std::byte> out(outputs[0]);
  Context context(model.get());
  ASSERT_TRUE(context.Prepare(2).ok());
  std::vector<std::size_t> counts;
  for (int run = 0; run < 4; ++run) {
    const std::size_t before = AllocationsHere();
    ASSERT_TRUE(context.Run(2, {&in, 1}, {&out, 1}).ok());
    counts.push_back(AllocationsHere() - before);
  }
  EXPECT_GT(counts[0], 0u) << "oneDNN's are not counted";
  EXPECT_EQ(counts, std::vector<std::size_t>(4, counts[0]));
}

}  // namespace
}  // namespace fedge::testing
