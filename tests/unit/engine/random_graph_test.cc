// Random graphs: no live values overlap, whatever dies is dead, and the arena is as large as it was
// planned.
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "byte_layers.h"
#include "engine_fixture.h"
#include "fedge/engine/plan.h"

namespace fedge {
namespace {

using ::fedge::testing::Buffers;
using ::fedge::testing::ExpectNear;
using ::fedge::testing::ProgramBuilder;
using ::fedge::testing::RandomInputs;
using ::fedge::testing::RunContext;
using ::fedge::testing::TestModel;

constexpr std::byte kPoison{0xff};  // as floats: NaN

// One more tensor of bytes out of those that there are, or numbers out of one of them. They come
// from the inputs alone, so that no rounding tells one order of sums from another.
void AddByteStep(ProgramBuilder& b, std::mt19937& random, std::vector<ValueId>& bytes,
                 std::vector<ValueId>& numbers) {
  const auto pick = [&] { return bytes[random() % bytes.size()]; };
  const auto channels = [&](ValueId id) { return b.program().values[id].shape[1].base; };
  const ValueId x = pick(), y = pick();
  switch (random() % 5) {
    case 0:
      bytes.push_back(testing::AddQuantConv(b, x, 4, random() % 2 == 0 ? 1 : 3));
      break;
    case 1:
      if (channels(x) == channels(y)) bytes.push_back(b.Add(op::QuantAdd{0.5F, 0.7F, -9}, {x, y}));
      break;
    case 2:
      if (channels(x) + channels(y) <= 16) bytes.push_back(b.Add(op::Concat{1}, {x, y}));
      break;
    case 3:
      bytes.push_back(b.AddShaped(op::Slice{1, channels(x) / 2, 1}, x,
                                  {Dim(0, 1), channels(x) - channels(x) / 2, 4, 4}));
      break;
    default:
      numbers.push_back(b.Add(op::Dequantize{0.02F, 100}, {x}));
  }
}

// Of [N, c, 4, 4] tensors: convolutions, sums, concatenations, slices, permutations; of numbers and
// of bytes.
ProgramBuilder RandomProgram(unsigned seed) {
  std::mt19937 random(seed);
  ProgramBuilder b;
  const Dim n(0, 1);
  std::vector<ValueId> values = {b.Input("x", {n, 4, 4, 4}), b.Input("z", {n, 4, 4, 4})};
  std::vector<ValueId> bytes = {b.Add(op::Quantize{0.01F, 128}, {values[0]}),
                                b.Add(op::Quantize{0.02F, 0}, {values[1]})};
  const auto pick = [&] {
    return values[values.size() - 1 - random() % std::min<std::size_t>(values.size(), 5)];
  };
  const auto channels = [&](ValueId id) { return b.program().values[id].shape[1].base; };
  for (int i = 0; i < 35; ++i) {
    const ValueId x = pick();
    switch (random() % 13) {
      case 0:
        values.push_back(b.Conv(x, 4, random() % 2 == 0 ? 1 : 3));
        break;
      case 1:
        values.push_back(b.Relu(x));
        break;
      case 2: {
        const ValueId y = pick();
        if (channels(x) == channels(y)) values.push_back(b.Sum(x, y));
        break;
      }
      case 3: {
        const ValueId y = pick();
        if (channels(x) + channels(y) <= 16) values.push_back(b.Add(op::Concat{1}, {x, y}));
        break;
      }
      case 4:
        values.push_back(b.AddShaped(op::Slice{1, channels(x) / 2, 1}, x,
                                     {n, channels(x) - channels(x) / 2, 4, 4}));
        break;
      case 5:
        values.push_back(b.Add(op::Permute{{0, 1, 3, 2}}, {x}));
        break;
      case 6: {
        const ValueId flat = b.AddShaped(op::Reshape{}, x, {n, channels(x) * 16});
        values.push_back(b.AddShaped(op::Reshape{}, flat, {n, channels(x), 4, 4}));
        break;
      }
      case 7:
        values.push_back(b.Add(op::Unary{op::Unary::Kind::kTanh}, {x}));
        break;
      case 8:
      case 9:
      case 10:
      case 11:
        AddByteStep(b, random, bytes, values);
        break;
      default:
        values.push_back(b.Add(op::Binary{op::Binary::Kind::kMul},
                               {x, b.Add(op::Unary{op::Unary::Kind::kSigmoid}, {x})}));
    }
  }
  b.Output("last", values.back());
  b.Output("other", pick());
  return b;
}

// Every value of the plain graph is an answer as well: nothing is ever overwritten there.
Buffers Expected(const ProgramBuilder& program, const Buffers& inputs) {
  ProgramBuilder all = program;
  const Program original = all.program();
  for (ValueId id = 0; id < original.values.size(); ++id) {
    if (!original.values[id].constant.has_value()) all.Output("v" + std::to_string(id), id);
  }
  Buffers outputs =
      RunModel(TestModel(all, {.disabled_passes = testing::AllPassNames()}), 2, inputs);
  outputs.resize(2);
  return outputs;
}

class RandomGraphTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomGraphTest, NothingLiveIsOverwritten) {
  const ProgramBuilder program = RandomProgram(GetParam());
  const TestModel model(program);
  ASSERT_NE(model.get(), nullptr);
  const Buffers inputs = RandomInputs(*model.get(), 2, GetParam());
  Context context(model.get());
  ASSERT_TRUE(context.Prepare(2).ok());
  std::memset(context.arena().data(), static_cast<int>(kPoison), context.arena().size());
  Buffers outputs;
  ASSERT_TRUE(RunContext(context, 2, inputs, outputs).ok());
  ExpectNear(outputs, Expected(program, inputs));
  // What the arena holds by now does not matter.
  Buffers again;
  ASSERT_TRUE(RunContext(context, 2, inputs, again).ok());
  EXPECT_EQ(again, outputs);
}

TEST_P(RandomGraphTest, ThePeakIsWhatWasPlanned) {
  const TestModel model(RandomProgram(GetParam()));
  ASSERT_NE(model.get(), nullptr);
  Context context(model.get());
  ASSERT_TRUE(context.Prepare(2).ok());
  const std::span<std::byte> arena = context.arena();
  // Of views and scratch, the furthest end.
  const auto plan = model->PlanFor(2);
  std::size_t end = 0;
  for (const internal::PlannedView& view : (*plan)->views) {
    if (view.absent || view.memory != internal::Memory::kArena) continue;
    std::int64_t last = 0;
    for (std::size_t d = 0; d < view.region.dims.size(); ++d) {
      last += (view.region.dims[d] - 1) * view.region.strides[d];
    }
    const std::int64_t size = static_cast<std::int64_t>(DTypeSize(view.dtype));
    end = std::max(end, static_cast<std::size_t>(view.offset + (last + 1) * size));
  }
  for (const internal::Step& step : (*plan)->steps) {
    if (step.scratch_bytes > 0) end = std::max(end, step.scratch_offset + step.scratch_bytes);
  }
  EXPECT_EQ(arena.size(), end);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphTest, ::testing::Range(0U, 150U));

}  // namespace
}  // namespace fedge
