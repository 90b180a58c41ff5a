#include <gtest/gtest.h>

#include "kernel_case.h"

namespace fedge::testing {
namespace {

using Ints = std::vector<std::int64_t>;

struct ConvCase {
  op::Conv op;
  Dims input, weight;
  bool bias = true;
  std::vector<PostOp> post_ops = {};
};

KernelCase MakeCase(const ConvCase& conv) {
  const bool flat = conv.input.size() == 3;
  const auto spatial = [&](const op::Pair& pair) {
    return flat ? Ints{pair[1]} : Ints{pair[0], pair[1]};
  };
  const std::int64_t outputs =
      conv.op.transposed ? conv.weight[1] * conv.op.groups : conv.weight[0];
  KernelCase test{
      conv.op,
      {RandomTensor(conv.input), RandomTensor(conv.weight, DType::kFloat32, 2), std::nullopt},
      "aten::convolution",
      {Input{0}, Input{1}, conv.bias ? CaseArgument(Input{2}) : CaseArgument(None{}),
       spatial(conv.op.stride), spatial(conv.op.pad_begin), spatial(conv.op.dilation),
       conv.op.transposed, spatial(conv.op.output_pad), conv.op.groups}};
  if (conv.bias) test.inputs[2] = RandomTensor({outputs}, DType::kFloat32, 3);
  test.constants = {1, 2};
  test.batched = {0};
  return test;
}

op::Conv Ordinary(op::Pair stride, op::Pair pad, op::Pair dilation = {1, 1},
                  std::int64_t groups = 1) {
  return {
      .stride = stride, .pad_begin = pad, .pad_end = pad, .dilation = dilation, .groups = groups};
}

op::Conv Transposed(op::Pair stride, op::Pair pad, op::Pair output_pad, op::Pair dilation = {1, 1},
                    std::int64_t groups = 1) {
  op::Conv op = Ordinary(stride, pad, dilation, groups);
  op.transposed = true;
  op.output_pad = output_pad;
  return op;
}

class ConvTest : public ::testing::TestWithParam<ConvCase> {};

TEST_P(ConvTest, MatchesLibTorch) { Check(MakeCase(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    Grid, ConvTest,
    ::testing::Values(
        ConvCase{Ordinary({1, 1}, {0, 0}), {2, 3, 5, 7}, {4, 3, 1, 1}},
        ConvCase{Ordinary({1, 1}, {1, 1}), {3, 5, 7, 9}, {37, 5, 3, 3}},
        ConvCase{Ordinary({2, 2}, {3, 3}), {2, 3, 17, 13}, {8, 3, 7, 7}, false},
        ConvCase{Ordinary({2, 1}, {0, 2}, {2, 3}), {2, 4, 11, 12}, {70, 4, 3, 2}},
        ConvCase{Ordinary({1, 2}, {1, 0}, {1, 1}, 3), {2, 6, 6, 5}, {9, 2, 3, 1}},
        ConvCase{Ordinary({1, 1}, {1, 1}, {1, 1}, 19), {2, 19, 6, 5}, {19, 1, 3, 3}},
        ConvCase{Ordinary({2, 2}, {2, 2}, {1, 1}, 32), {2, 32, 9, 8}, {32, 1, 5, 5}, false},
        ConvCase{Ordinary({1, 1}, {1, 1}, {2, 2}, 4), {2, 4, 9, 8}, {8, 1, 3, 3}},
        ConvCase{Ordinary({1, 1}, {0, 0}), {1, 300, 4, 30}, {20, 300, 1, 1}},
        ConvCase{Ordinary({1, 2}, {0, 2}), {2, 5, 23}, {6, 5, 4}},
        ConvCase{Ordinary({1, 1}, {0, 4}, {1, 2}, 6), {2, 6, 10}, {6, 1, 5}},
        ConvCase{Ordinary({1, 1}, {0, 0}), {2, 3, 3, 3}, {5, 3, 3, 3}},
        ConvCase{Transposed({2, 2}, {1, 1}, {1, 1}), {2, 5, 4, 6}, {5, 7, 3, 3}},
        ConvCase{Transposed({2, 2}, {0, 0}, {0, 0}), {2, 16, 4, 4}, {16, 35, 2, 2}},
        ConvCase{Transposed({3, 2}, {2, 1}, {2, 0}, {1, 2}, 2), {2, 4, 5, 6}, {4, 3, 4, 3}, false},
        ConvCase{Transposed({1, 1}, {1, 0}, {0, 0}), {2, 3, 5, 5}, {3, 4, 3, 2}},
        ConvCase{Transposed({3, 3}, {0, 0}, {1, 2}), {1, 2, 3, 3}, {2, 2, 1, 1}},
        ConvCase{Transposed({2, 2}, {1, 1}, {0, 1}, {1, 1}, 18), {2, 18, 4, 3}, {18, 1, 4, 4}},
        ConvCase{Transposed({1, 2}, {0, 1}, {0, 1}), {2, 3, 7}, {3, 4, 4}}));

TEST(ConvPaddingTest, SidesMayDiffer) {
  op::Conv op{.pad_begin = {0, 2}, .pad_end = {1, 0}};
  const HostTensor x = RandomTensor({2, 3, 5, 6});
  const HostTensor padded = CallAten("aten::constant_pad_nd", {x, Ints{2, 0, 0, 1}})[0];
  KernelCase test = MakeCase({op, x.dims, {4, 3, 3, 3}});
  const std::vector<HostTensor> expected =
      CallAten("aten::conv2d", {padded, *test.inputs[1], *test.inputs[2]});
  const auto actual =
      RunKernel(test, expected, Strides::kRowMajor, Strides::kChannelsLast, true).value();
  for (std::size_t i = 0; i < expected[0].values.size(); ++i) {
    EXPECT_NEAR(actual[0].values[i], expected[0].values[i], 1e-4);
  }
}

TEST(ConvPostOpsTest, AddAndActivateInOrder) {
  const std::vector<PostOp> relu = {op::Unary{op::Unary::Kind::kRelu6}};
  const std::vector<PostOp> residual = {AddInput{3}, op::Unary{op::Unary::Kind::kRelu}};
  const std::vector<PostOp> late = {op::Unary{op::Unary::Kind::kSilu}, AddInput{3}};
  for (const std::int64_t groups : {1, 20}) {
    KernelCase test = MakeCase(
        {Ordinary({1, 1}, {1, 1}, {1, 1}, groups), {2, 20, 6, 7}, {20, 20 / groups, 3, 3}});
    test.inputs.emplace_back(RandomTensor({2, 20, 6, 7}, DType::kFloat32, 9));
    std::vector<AtenArgument> arguments = {*test.inputs[0], *test.inputs[1], *test.inputs[2],
                                           Ints{1, 1},      Ints{1, 1},      Ints{1, 1},
                                           groups};
    const HostTensor sums = CallAten("aten::conv2d", arguments)[0];
    const HostTensor& added = *test.inputs[3];
    const auto expect = [&](const std::vector<PostOp>& ops, const HostTensor& expected) {
      test.post_ops = ops;
      for (const Strides to : {Strides::kRowMajor, Strides::kChannelsLast}) {
        const auto actual = RunKernel(test, {expected}, to, to, true).value();
        for (std::size_t i = 0; i < expected.values.size(); ++i) {
          ASSERT_NEAR(actual[0].values[i], expected.values[i], 2e-4);
        }
      }
    };
    expect(relu, CallAten("aten::relu6", {sums})[0]);
    expect(residual, CallAten("aten::relu", {CallAten("aten::add.Tensor", {sums, added})[0]})[0]);
    expect(late, CallAten("aten::add.Tensor", {CallAten("aten::silu", {sums})[0], added})[0]);
  }
}

}  // namespace
}  // namespace fedge::testing
