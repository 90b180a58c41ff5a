#include "fedge/engine/model.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace fedge {
namespace {

using ::fedge::testing::Buffers;
using ::fedge::testing::ExpectNear;
using ::fedge::testing::ProgramBuilder;
using ::fedge::testing::RandomInputs;
using ::fedge::testing::RunContext;
using ::fedge::testing::TestModel;

const Dim kN(0, 1);

// x [N, 4] times a weight; y [N, 3].
ProgramBuilder LinearProgram() {
  ProgramBuilder b;
  const ValueId x = b.Input("x", {kN, 4});
  b.Output("y", b.Add(op::Linear{}, {x, b.Random({3, 4}), b.Random({3})}));
  return b;
}

Result<std::shared_ptr<const Model>> LoadBytes(const std::string& file, ModelOptions options = {}) {
  if (options.providers.empty()) options.providers.push_back(MakePortableProvider());
  FEDGE_ASSIGN_OR_RETURN(Archive archive, Archive::FromBytes(AsBytes(file), "m.pt"));
  return Model::Load(std::move(archive), std::move(options));
}

TEST(ModelTest, SaysWhatItTakesAndGives) {
  const TestModel model(LinearProgram());
  ASSERT_NE(model.get(), nullptr);
  ASSERT_EQ(model->inputs().size(), 1u);
  EXPECT_EQ(model->inputs()[0].name, "x");
  EXPECT_EQ(ToString(model->inputs()[0].shape), "[N, 4]");
  EXPECT_EQ(ToString(model->outputs()[0].shape), "[N, 3]");
  EXPECT_EQ(model->compute_type(), DType::kFloat32);
}

TEST(ModelTest, FindsTheBatchOfShapes) {
  ProgramBuilder b;
  const ValueId x = b.Input("x", {Dim(1, 2), 4});
  const ValueId y = b.Input("y", {kN});
  b.Output("x", b.Relu(x));
  b.Output("y", b.Relu(y));
  const TestModel model(b);
  ASSERT_NE(model.get(), nullptr);
  EXPECT_EQ(*model->BatchOf(std::vector<Dims>{{7, 4}, {3}}), 3);
  for (const std::vector<Dims>& shapes : std::vector<std::vector<Dims>>{
           {{7, 4}, {4}}, {{7, 5}, {3}}, {{6, 4}, {3}}, {{7, 4}}, {{7}, {3}}, {{1, 4}, {0}}}) {
    EXPECT_EQ(model->BatchOf(shapes).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(ModelTest, ABatchOutOfRangeIsRefused) {
  const TestModel model(LinearProgram(), {.max_arena_bytes = 1 << 18});
  ASSERT_NE(model.get(), nullptr);
  Context context(model.get());
  EXPECT_EQ(context.Prepare(0).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(context.Prepare(kMaxBatch + 1).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(context.Prepare(kMaxBatch).code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(context.Prepare(1).ok());
}

TEST(ModelTest, BuffersThatDoNotFitAreNamed) {
  const TestModel model(LinearProgram());
  ASSERT_NE(model.get(), nullptr);
  Context context(model.get());
  alignas(64) std::byte memory[64] = {};
  const auto run = [&](std::span<const std::byte> x, std::span<std::byte> y) {
    return context.Run(1, {&x, 1}, {&y, 1}).message();
  };
  EXPECT_EQ(run({memory, 15}, {memory + 32, 12}), "input 'x' has 15 bytes, but needs 16");
  EXPECT_EQ(run({memory, 16}, {memory + 32, 16}), "output 'y' has 16 bytes, but needs 12");
  EXPECT_EQ(run({memory + 1, 16}, {memory + 32, 12}), "input 'x' is not aligned to its elements");
  EXPECT_EQ(run({memory, 16}, {memory + 32, 12}), "");
  EXPECT_EQ(context.Run(1, {}, {}).code(), StatusCode::kInvalidArgument);
}

TEST(ModelTest, KeepsThePlansOfTheLastBatches) {
  const TestModel model(LinearProgram(), {.max_plans = 2});
  ASSERT_NE(model.get(), nullptr);
  const auto one = *model->PlanFor(1);
  (void)*model->PlanFor(2);
  EXPECT_EQ(*model->PlanFor(1), one);
  (void)*model->PlanFor(3);  // 2 was longest ago
  EXPECT_EQ(model->statistics().num_plans, 2u);
  EXPECT_EQ(*model->PlanFor(1), one);
}

TEST(ModelTest, ManyContextsRunAtOnce) {
  const TestModel model(LinearProgram());
  ASSERT_NE(model.get(), nullptr);
  std::vector<Buffers> expected;
  for (std::int64_t batch = 1; batch <= 4; ++batch) {
    expected.push_back(RunModel(model, batch, RandomInputs(*model.get(), batch)));
  }
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        Context context(model.get());
        for (int i = 0; i < 40; ++i) {
          const std::int64_t batch = 1 + (i + t) % 4;
          Buffers outputs;
          if (!RunContext(context, batch, RandomInputs(*model.get(), batch), outputs).ok() ||
              outputs != expected[static_cast<std::size_t>(batch - 1)]) {
            ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(ModelTest, AnIndexOutOfRangeIsAnError) {
  ProgramBuilder b;
  const ValueId x = b.Input("x", {kN}, DType::kInt64);
  b.Output("y", b.Add(op::Gather{0}, {b.Random({3, 2}), x}));
  const TestModel model(b);
  ASSERT_NE(model.get(), nullptr);
  Context context(model.get());
  Buffers outputs;
  Buffers inputs = {std::vector<std::byte>(8)};
  inputs[0][0] = std::byte{3};
  const Status status = RunContext(context, 1, inputs, outputs);
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_TRUE(status.message().starts_with("node 0 (gather): ")) << status.message();
  inputs[0][0] = std::byte{2};
  EXPECT_TRUE(RunContext(context, 1, inputs, outputs).ok());
}

TEST(ModelTest, AnUnknownPassIsRefused) {
  const auto model = LoadBytes(LinearProgram().File(), {.disabled_passes = {"fold_everything"}});
  EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(model.status().message().find("fold_batch_norm"), std::string::npos);
}

// No kernels at all.
class NoKernels final : public KernelProvider {
 public:
  std::string_view name() const override { return "none"; }
  std::unique_ptr<const Kernel> Make(const KernelRequest&) const override { return nullptr; }
};

TEST(ModelTest, WhatNoProviderHasIsNamed) {
  const std::string file = LinearProgram().File();
  const auto model = LoadBytes(file, {.providers = {std::make_shared<NoKernels>()}});
  EXPECT_EQ(model.status().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(model.status().message(),
            "m.pt: node 0 (linear): no provider has a kernel for float32 [N, 4], float32 [3, 4], "
            "float32 [3]");
}

// Copies its weight once and reads only that.
class PackingProvider final : public KernelProvider {
 public:
  mutable std::atomic<int> num_packed = 0;

  std::string_view name() const override { return "packing"; }
  std::unique_ptr<const Kernel> Make(const KernelRequest& request) const override {
    if (!std::holds_alternative<op::Linear>(request.node.op)) return nullptr;
    auto kernel = std::make_unique<Packed>();
    const auto* weight = request.inputs[1].data;
    kernel->weight = request.packer->Pack(1, "copy", 48, [&](std::span<std::byte> out) {
      ++num_packed;
      std::memcpy(out.data(), weight, 48);
    });
    return kernel;
  }

 private:
  struct Packed final : Kernel {
    Packer::Packed weight;
    bool reads(std::size_t i) const override { return i != 1; }
    Status Run(const Arguments& arguments) const override {
      if (arguments.inputs[1].data != nullptr) return Internal("the weight is still there");
      const auto* w = reinterpret_cast<const float*>(weight.get());
      const auto* bias = arguments.inputs[2].as<const float>();
      for (std::int64_t row = 0; row < arguments.inputs[0].dims[0]; ++row) {
        const auto* x = arguments.inputs[0].as<const float>() + row * 4;
        for (int m = 0; m < 3; ++m) {
          float sum = bias[m];
          for (int k = 0; k < 4; ++k) sum += w[m * 4 + k] * x[k];
          arguments.outputs[0].as<float>()[row * 3 + m] = sum;
        }
      }
      return OkStatus();
    }
  };
};

TEST(ModelTest, ConstantsArePackedOnceForAllBatches) {
  const auto packing = std::make_shared<PackingProvider>();
  const ProgramBuilder program = LinearProgram();
  const TestModel model(program, {.providers = {packing, MakePortableProvider()}});
  ASSERT_NE(model.get(), nullptr);
  const TestModel portable(program);
  for (const std::int64_t batch : {1, 2, 5, 1}) {
    const Buffers inputs = RandomInputs(*model.get(), batch);
    ExpectNear(RunModel(model, batch, inputs), RunModel(portable, batch, inputs));
  }
  EXPECT_EQ(packing->num_packed, 1);
  EXPECT_EQ(model->statistics().packed_bytes, 48u);
}

// Writes and reads only what lies without gaps: the engine copies around it.
class DenseOnly final : public KernelProvider {
 public:
  std::string_view name() const override { return "dense"; }
  std::unique_ptr<const Kernel> Make(const KernelRequest& request) const override {
    const auto dense = [](const TensorView& view) {
      const internal::Region region{
          0, {view.dims.begin(), view.dims.end()}, {view.strides.begin(), view.strides.end()}};
      return IsDense(region, internal::Layout::kRowMajor) ||
             (view.dims.size() == 4 && IsDense(region, internal::Layout::kChannelsLast));
    };
    const bool copy = std::holds_alternative<op::Reshape>(request.node.op);
    for (const auto views : {request.inputs, request.outputs}) {
      if (!copy && !std::all_of(views.begin(), views.end(), dense)) return nullptr;
    }
    return portable_->Make(request);
  }

 private:
  std::unique_ptr<KernelProvider> portable_ = MakePortableProvider();
};

TEST(ModelTest, CopiesForKernelsThatTakeNoViews) {
  ProgramBuilder b;
  const ValueId x = b.Input("x", {kN, 4, 6, 6});
  ValueId y = b.Add(op::Concat{1}, {b.Conv(x, 3, 1), b.Conv(x, 5, 3)});
  y = b.AddShaped(op::Slice{1, 2, 1}, y, {kN, 4, 6, 6});
  b.Output("y", b.Relu(b.Add(op::Permute{{0, 1, 3, 2}}, {b.Conv(y, 4, 3)})));
  const TestModel dense(b, {.providers = {std::make_shared<DenseOnly>()}});
  const TestModel any(b);
  ASSERT_NE(dense.get(), nullptr);
  const Buffers inputs = RandomInputs(*any.get(), 2);
  ExpectNear(RunModel(dense, 2, inputs), RunModel(any, 2, inputs));
}

TEST(ModelTest, DamageAnywhereIsAnAnswer) {
  const std::string file = LinearProgram().File();
  for (std::size_t i = 0; i < file.size(); i += 3) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    const auto model = LoadBytes(damaged);
    if (!model.ok()) continue;
    Context context(*model);
    Buffers outputs;
    (void)RunContext(context, 1, RandomInputs(**model, 1), outputs);
  }
}

TEST(ModelTest, FoldingIsBoundedInDepthAndMemory) {
  ProgramBuilder b;
  // Each is larger than what is kept in memory, and made of the one before.
  ValueId c = b.Random({200, 150});
  for (int i = 0; i < 40; ++i) c = b.Add(op::Unary{op::Unary::Kind::kTanh}, {c});
  // Four times as large with each step.
  ValueId wide = b.Random({1, 200});
  for (int i = 0; i < 4; ++i) {
    const std::int64_t columns = b.program().values[wide].shape[1].base;
    wide = b.Sum(wide, b.Random({4, 1}));
    wide = b.AddShaped(op::Reshape{}, wide, {1, 4 * columns});
  }
  b.Output("deep", b.Sum(b.Input("x", {200, 150}), c));
  b.Output("wide", b.Add(op::Reduce{op::Reduce::Kind::kSum, {1}}, {wide}));
  const TestModel plain(b, {.disabled_passes = testing::AllPassNames()});
  const TestModel folded(b);
  ASSERT_NE(folded.get(), nullptr);
  EXPECT_GT(folded->statistics().num_nodes, 20u);
  const Buffers inputs = RandomInputs(*folded.get(), 1);
  ExpectNear(RunModel(folded, 1, inputs), RunModel(plain, 1, inputs));
}

TEST(ModelTest, AConstantBehindItsRecordIsRefused) {
  ProgramBuilder b = LinearProgram();
  b.program().values[1].constant->byte_offset = 4;
  EXPECT_EQ(LoadBytes(b.File()).status().message(),
            "m.pt: constant 'c0': lies behind the end of 'data/0', which has 48 bytes");
  b.program().values[1].constant->byte_offset = ~std::uint64_t{0} - 3;
  EXPECT_EQ(LoadBytes(b.File()).status().code(), StatusCode::kInvalidArgument);
  b.program().values[1].constant->byte_offset = 0;
  b.program().values[1].constant->strides = {std::int64_t{1} << 31, 1};
  EXPECT_EQ(LoadBytes(b.File()).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fedge
