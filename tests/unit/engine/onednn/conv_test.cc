#include <limits>

#include "kernel_check.h"

namespace fedge::testing {
namespace {

using Kind = op::Unary::Kind;

struct Shape {
  std::int64_t batch, channels, height, width, outputs, kernel_height, kernel_width;
};

KernelCase MakeCase(const op::Conv& op, const Shape& s, bool bias = true) {
  KernelCase test{op, {}, {}};
  test.inputs.emplace_back(Tensor({s.batch, s.channels, s.height, s.width}, Lies::kChannelsLast));
  Dims weight = {s.outputs, s.channels / op.groups, s.kernel_height, s.kernel_width};
  if (op.transposed) weight = {s.channels, s.outputs / op.groups, s.kernel_height, s.kernel_width};
  test.inputs.emplace_back(Tensor(weight, Lies::kRowMajor, 2));
  test.inputs.emplace_back();
  if (bias) test.inputs[2].emplace(Dims{s.outputs}, Lies::kRowMajor, 3);
  test.output = {s.batch, s.outputs};
  const std::int64_t sizes[] = {s.height, s.width}, kernel[] = {s.kernel_height, s.kernel_width};
  for (std::size_t d = 0; d < 2; ++d) {
    const std::int64_t reach = op.dilation[d] * (kernel[d] - 1) + 1;
    const std::int64_t pad = op.pad_begin[d] + op.pad_end[d];
    test.output.push_back(op.transposed
                              ? (sizes[d] - 1) * op.stride[d] - pad + reach + op.output_pad[d]
                              : (sizes[d] + pad - reach) / op.stride[d] + 1);
  }
  return test;
}

op::Conv Padded(std::int64_t pad, std::int64_t stride = 1, std::int64_t groups = 1) {
  return {
      .stride = {stride, stride}, .pad_begin = {pad, pad}, .pad_end = {pad, pad}, .groups = groups};
}

class ConvTest : public OneDnnTest {};

TEST_F(ConvTest, AGridOfShapesMatches) {
  const std::pair<op::Conv, Shape> cases[] = {
      {Padded(0), {2, 16, 5, 7, 32, 1, 1}},
      {Padded(0, 2), {1, 24, 9, 8, 40, 1, 1}},
      {Padded(0), {1, 3, 6, 6, 5, 1, 1}},
      {Padded(0), {1, 320, 7, 7, 37, 1, 1}},
      {Padded(1), {3, 5, 7, 9, 37, 3, 3}},
      {Padded(1), {1, 64, 14, 14, 64, 3, 3}},
      {Padded(1, 2), {2, 17, 13, 12, 33, 3, 3}},
      {Padded(3, 2), {1, 3, 33, 31, 64, 7, 7}},
      {Padded(2, 4), {1, 3, 27, 27, 16, 11, 11}},
      {Padded(2), {2, 1, 28, 28, 6, 5, 5}},
      {Padded(0), {2, 6, 12, 12, 16, 5, 5}},
      {Padded(0), {2, 3, 3, 3, 5, 3, 3}},
      {{.stride = {2, 1}, .pad_begin = {0, 2}, .pad_end = {0, 2}, .dilation = {2, 3}},
       {2, 4, 11, 12, 70, 3, 2}},
      {{.pad_begin = {2, 2}, .pad_end = {2, 2}, .dilation = {2, 2}}, {1, 32, 12, 12, 32, 3, 3}},
      {{.pad_begin = {0, 2}, .pad_end = {1, 0}}, {2, 8, 5, 6, 16, 3, 3}},
      {{.stride = {2, 2}, .pad_begin = {0, 0}, .pad_end = {1, 1}}, {1, 3, 16, 16, 24, 3, 3}},
      {{.pad_begin = {1, 0}, .pad_end = {1, 0}}, {2, 9, 8, 5, 12, 3, 1}},
      {Padded(1, 1, 19), {2, 19, 6, 5, 19, 3, 3}},
      {Padded(1, 1, 32), {2, 32, 14, 14, 32, 3, 3}},
      {Padded(1, 2, 96), {1, 96, 15, 14, 96, 3, 3}},
      {Padded(2, 1, 64), {1, 64, 9, 8, 64, 5, 5}},
      {Padded(1, 1, 4), {2, 32, 14, 14, 32, 3, 3}},
      {Padded(1, 2, 2), {1, 32, 9, 9, 64, 3, 3}},
      {Padded(0, 1, 2), {1, 32, 6, 6, 32, 1, 1}},
  };
  for (const auto& [op, shape] : cases) {
    for (const bool bias : {true, false}) {
      SCOPED_TRACE(fmt::format("{} channels, {} outputs, {} groups, kernel {}, bias {}",
                               shape.channels, shape.outputs, op.groups, shape.kernel_height,
                               bias));
      ExpectPortable(MakeCase(op, shape, bias));
    }
  }
}

TEST_F(ConvTest, TransposedMatches) {
  op::Conv op{.stride = {2, 2}, .transposed = true};
  ExpectPortable(MakeCase(op, {2, 16, 4, 4, 32, 2, 2}));
  op.pad_begin = op.pad_end = {1, 1};
  ExpectPortable(MakeCase(op, {2, 32, 4, 6, 16, 4, 4}));
}

TEST_F(ConvTest, EveryActivationMatches) {
  const op::Unary activations[] = {
      {Kind::kRelu},
      {Kind::kRelu6},
      {Kind::kLeakyRelu, 0.2},
      {Kind::kHardswish},
      {Kind::kHardsigmoid},
      {Kind::kSilu},
      {Kind::kGelu},
      {Kind::kGeluTanh},
      {Kind::kSigmoid},
      {Kind::kTanh},
      {Kind::kElu, 0.7},
      {Kind::kClamp, -0.5, 0.25},
      {Kind::kClamp, 0.1, std::numeric_limits<double>::infinity()},
  };
  const std::pair<op::Conv, Shape> cases[] = {{Padded(1), {1, 16, 9, 8, 48, 3, 3}},
                                              {Padded(0), {1, 40, 9, 8, 24, 1, 1}},
                                              {Padded(1, 1, 32), {1, 32, 9, 8, 32, 3, 3}},
                                              {Padded(1, 1, 4), {1, 32, 9, 8, 32, 3, 3}}};
  for (const op::Unary& activation : activations) {
    for (const auto& [op, shape] : cases) {
      SCOPED_TRACE(fmt::format("{}, {} groups", OpName(Op(activation)), op.groups));
      KernelCase test = MakeCase(op, shape);
      test.post_ops = {activation};
      ExpectPortable(test);
    }
  }
}

TEST_F(ConvTest, ResidualsAreAddedInOrder) {
  const std::vector<PostOp> chains[] = {
      {AddInput{3}},
      {AddInput{3}, op::Unary{Kind::kRelu}},
      {op::Unary{Kind::kSilu}, AddInput{3}},
      {op::Unary{Kind::kHardswish}, AddInput{3}, op::Unary{Kind::kRelu6}, AddInput{4}}};
  for (const auto& chain : chains) {
    for (const auto& op : {Padded(1), Padded(1, 1, 32)}) {
      for (const Lies lies : {Lies::kChannelsLast, Lies::kBatchGap}) {
        KernelCase test = MakeCase(op, {2, 32, 6, 7, 32, 3, 3});
        test.inputs.emplace_back(Tensor(test.output, lies, 4));
        test.inputs.emplace_back(Tensor(test.output, Lies::kChannelsLast, 5));
        test.post_ops = chain;
        ExpectPortable(test);
      }
    }
  }
}

// Whatever is taken is computed right, however it lies.
TEST_F(ConvTest, LayoutsAreTakenOrLeft) {
  const Lies all[] = {Lies::kRowMajor, Lies::kChannelsLast, Lies::kBatchGap, Lies::kChannelGap};
  int taken = 0;
  for (const Lies from : all) {
    for (const Lies to : all) {
      KernelCase test = MakeCase(Padded(1), {3, 16, 6, 7, 16, 3, 3});
      test.inputs[0] = Tensor(test.inputs[0]->dims(), from);
      test.output_lies = to;
      if (!RunKernel(*OneDnn(), test).has_value()) continue;
      ++taken;
      ExpectPortable(test);
    }
  }
  EXPECT_EQ(taken, 4);
}

TEST_F(ConvTest, WeightsMayBeViewsButMustBeKnown) {
  KernelCase test = MakeCase(Padded(1), {1, 16, 6, 7, 16, 3, 3});
  test.inputs[1] = Tensor({16, 16, 3, 3}, Lies::kChannelGap, 2);
  ExpectPortable(test);
  test.constant = {false, false, false};
  EXPECT_FALSE(RunKernel(*OneDnn(), test).has_value());
}

TEST_F(ConvTest, OneDimensionMatches) {
  KernelCase test{op::Conv{.pad_begin = {0, 2}, .pad_end = {0, 2}}, {}, {2, 24, 30}};
  test.inputs = {Tensor({2, 16, 30}, Lies::kChannelsLast), Tensor({24, 16, 5}, Lies::kRowMajor, 2),
                 std::nullopt};
  ExpectPortable(test);
}

TEST_F(ConvTest, ARowGivesTheSameBytesInAnyBatch) {
  const std::pair<op::Conv, Shape> cases[] = {
      {Padded(1), {33, 16, 6, 7, 24, 3, 3}},       {Padded(0), {33, 40, 5, 5, 72, 1, 1}},
      {Padded(0), {33, 64, 1, 1, 24, 1, 1}},       {Padded(1, 1, 32), {33, 32, 6, 7, 32, 3, 3}},
      {Padded(1, 2, 4), {33, 32, 6, 7, 32, 3, 3}}, {Padded(3, 2), {33, 3, 12, 12, 8, 7, 7}}};
  for (const auto& [op, shape] : cases) {
    KernelCase test = MakeCase(op, shape);
    test.inputs.emplace_back(Tensor(test.output, Lies::kChannelsLast, 4));
    test.post_ops = {AddInput{3}, op::Unary{Kind::kGelu}};
    ExpectRowsAlone(*OneDnn(), test, {0, 3});
  }
}

}  // namespace
}  // namespace fedge::testing
