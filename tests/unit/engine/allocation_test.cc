// While running, the engine and the portable kernels allocate nothing.
#include <gtest/gtest.h>

#include "allocations.h"
#include "engine_fixture.h"

namespace fedge {
namespace {

using ::fedge::testing::AllocationsHere;
using ::fedge::testing::Buffers;
using ::fedge::testing::ProgramBuilder;
using ::fedge::testing::RandomInputs;
using ::fedge::testing::TestModel;

TEST(AllocationTest, RunningAllocatesNothing) {
  ProgramBuilder b;
  const Dim n(0, 1);
  ValueId x = b.Input("x", {n, 3, 10, 10});
  x = b.Relu(b.BatchNorm(b.Conv(x, 8, 3)));
  x = b.Relu(b.Sum(x, b.Conv(x, 8, 3)));
  x = b.Add(op::Concat{1}, {b.Conv(x, 4, 1), b.Conv(x, 4, 3)});
  x = b.Add(op::Pool{.kernel = {2, 2}, .stride = {2, 2}}, {x});
  x = b.AddShaped(op::Reshape{}, x, {n, 200});
  x = b.Add(op::Linear{}, {x, b.Random({6, 200}), b.Random({6})});
  b.Output("y", b.Add(op::Softmax{1}, {x}));
  const TestModel model(b);
  ASSERT_NE(model.get(), nullptr);

  for (const std::int64_t batch : {1, 4}) {
    const Buffers inputs = RandomInputs(*model.get(), batch);
    Buffers outputs = {std::vector<std::byte>(testing::BytesAt(model->outputs()[0], batch))};
    const std::span<const std::byte> in(inputs[0]);
    const std::span<std::byte> out(outputs[0]);
    Context context(model.get());
    ASSERT_TRUE(context.Prepare(batch).ok());
    const std::size_t before = AllocationsHere();
    const bool ok = context.Run(batch, {&in, 1}, {&out, 1}).ok();
    const std::size_t after = AllocationsHere();
    EXPECT_TRUE(ok);
    EXPECT_EQ(after - before, 0u) << "at a batch of " << batch;
  }
}

}  // namespace
}  // namespace fedge
