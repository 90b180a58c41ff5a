// While running, the engine and the portable kernels allocate nothing.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace {

std::atomic<std::size_t> allocations = 0;

void* Allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size == 0 ? 1 : size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size == 0 ? 1 : size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace fedge {
namespace {

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
    const std::size_t before = allocations;
    const bool ok = context.Run(batch, {&in, 1}, {&out, 1}).ok();
    const std::size_t after = allocations;
    EXPECT_TRUE(ok);
    EXPECT_EQ(after - before, 0u) << "at a batch of " << batch;
  }
}

}  // namespace
}  // namespace fedge
