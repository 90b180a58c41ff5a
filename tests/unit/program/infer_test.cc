#include "fedge/program/infer.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace fedge {
namespace {

const Dim kN(0, 1);
constexpr DType kFloat = DType::kFloat32;

struct Case {
  std::string name;
  Op op;
  std::vector<std::optional<TensorType>> inputs;
  std::vector<TensorType> outputs;  // those expected; declared as well
  std::string error = {};           // else: what the message contains
};

std::vector<const TensorType*> Pointers(const Case& test) {
  std::vector<const TensorType*> pointers;
  for (const auto& input : test.inputs) pointers.push_back(input.has_value() ? &*input : nullptr);
  return pointers;
}

TensorType F(Shape shape) { return {kFloat, std::move(shape)}; }
TensorType I(Shape shape) { return {DType::kInt64, std::move(shape)}; }
TensorType B(Shape shape) { return {DType::kBool, std::move(shape)}; }

using op::Binary;
using op::Reduce;
using op::Unary;

const std::vector<Case>& GoodCases() {
  static const std::vector<Case> cases = {
      {"Relu", Unary{Unary::Kind::kRelu}, {F({kN, 3})}, {F({kN, 3})}},
      {"ReluOfIntegers", Unary{Unary::Kind::kRelu}, {I({kN, 3})}, {I({kN, 3})}},
      {"Not", Unary{Unary::Kind::kNot}, {B({2})}, {B({2})}},
      {"AddBroadcasts", Binary{Binary::Kind::kAdd}, {F({kN, 1, 4}), F({3, 1})}, {F({kN, 3, 4})}},
      {"CompareIsBool", Binary{Binary::Kind::kLt}, {F({kN}), F({kN})}, {B({kN})}},
      {"Where", op::Where{}, {B({kN, 1}), F({4}), F({})}, {F({kN, 4})}},
      {"Cast", op::Cast{}, {F({kN})}, {I({kN})}},
      {"Conv",
       op::Conv{.stride = {2, 2}, .pad_begin = {3, 3}, .pad_end = {3, 3}},
       {F({kN, 3, 224, 224}), F({64, 3, 7, 7}), F({64})},
       {F({kN, 64, 112, 112})}},
      {"Conv1d",
       op::Conv{.dilation = {1, 2}, .groups = 2},
       {F({kN, 4, 16}), F({6, 2, 3}), std::nullopt},
       {F({kN, 6, 12})}},
      {"ConvAsymmetricPad",
       op::Conv{.pad_begin = {0, 1}, .pad_end = {1, 0}},
       {F({kN, 1, 4, 4}), F({1, 1, 2, 2}), std::nullopt},
       {F({kN, 1, 4, 4})}},
      {"ConvTransposed",
       op::Conv{.stride = {2, 2},
                .pad_begin = {1, 1},
                .pad_end = {1, 1},
                .groups = 2,
                .transposed = true,
                .output_pad = {1, 1}},
       {F({kN, 4, 7, 7}), F({4, 3, 3, 3}), F({6})},
       {F({kN, 6, 14, 14})}},
      {"Linear", op::Linear{}, {F({kN, 5, 8}), F({4, 8}), F({4})}, {F({kN, 5, 4})}},
      {"MatMul", op::MatMul{}, {F({kN, 1, 3, 4}), F({2, 4, 5})}, {F({kN, 2, 3, 5})}},
      {"Attention",
       op::Attention{},
       {F({kN, 2, 5, 4}), F({kN, 2, 6, 4}), F({kN, 2, 6, 3}), B({5, 6})},
       {F({kN, 2, 5, 3})}},
      {"BatchNorm",
       op::BatchNorm{},
       {F({kN, 3}), std::nullopt, F({3}), F({3}), F({3})},
       {F({kN, 3})}},
      {"LayerNorm", op::LayerNorm{2}, {F({kN, 3, 4}), F({3, 4}), std::nullopt}, {F({kN, 3, 4})}},
      {"GroupNorm", op::GroupNorm{2}, {F({kN, 4, 9}), F({4}), F({4})}, {F({kN, 4, 9})}},
      {"Softmax", op::Softmax{1}, {F({kN, 3})}, {F({kN, 3})}},
      {"MaxPool",
       op::Pool{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}},
       {F({kN, 64, 112, 112})},
       {F({kN, 64, 56, 56})}},
      // pooling_output_shape: (6 - 3 + 1) / 2 + 1 = 3, the last window begins inside.
      {"CeilMode",
       op::Pool{.kernel = {1, 3}, .stride = {1, 2}, .ceil_mode = true},
       {F({kN, 1, 6})},
       {F({kN, 1, 3})}},
      // (5 + 2 - 2 + 2) / 3 + 1 = 3, but the last window would begin at 6 >= 5 + 1.
      {"CeilModeLeavesOutWhatBeginsInThePadding",
       op::Pool{.kernel = {1, 2}, .stride = {1, 3}, .pad = {0, 1}, .ceil_mode = true},
       {F({kN, 1, 5})},
       {F({kN, 1, 2})}},
      {"AdaptivePool", op::AdaptivePool{}, {F({kN, 8, 7, 7})}, {F({kN, 8, 1, 1})}},
      {"Mean", Reduce{Reduce::Kind::kMean, {1, 2}}, {F({kN, 3, 4, 5})}, {F({kN, 5})}},
      {"MeanKeepsDims", Reduce{Reduce::Kind::kMean, {2}, true}, {F({kN, 3, 4})}, {F({kN, 3, 1})}},
      {"ArgMax", op::ArgMax{1}, {F({kN, 10})}, {I({kN})}},
      {"TopK", op::TopK{3, 1}, {F({kN, 10})}, {F({kN, 3}), I({kN, 3})}},
      {"Concat", op::Concat{0}, {F({kN, 2}), F({1, 2})}, {F({{1, 1}, 2})}},
      {"Slice", op::Slice{1, 1, 2}, {F({kN, 6})}, {F({kN, 3})}},
      {"SliceOfNothing", op::Slice{1, 6, 1}, {F({kN, 6})}, {F({kN, 0})}},
      {"Reshape", op::Reshape{}, {F({kN, 4, 6})}, {F({{0, 4}, 6})}},
      {"Permute", op::Permute{{0, 2, 1}}, {F({kN, 4, 6})}, {F({kN, 6, 4})}},
      {"Expand", op::Expand{}, {F({1, 4})}, {F({kN, 3, 4})}},
      {"Fill", op::Fill{1}, {}, {F({kN, 3, 4})}},
      {"Pad", op::Pad{op::Pad::Mode::kConstant, {0, 1}, {0, -2}}, {F({kN, 5})}, {F({kN, 4})}},
      {"Reflect", op::Pad{op::Pad::Mode::kReflect, {0, 4}, {0, 4}}, {F({kN, 5})}, {F({kN, 13})}},
      {"Resize", op::Resize{op::Resize::Mode::kLinear}, {F({kN, 2, 4, 4})}, {F({kN, 2, 8, 9})}},
      {"Embedding", op::Gather{0}, {F({100, 8}), I({kN, 5})}, {F({kN, 5, 8})}},
      {"CumSum", op::CumSum{1}, {F({kN, 5})}, {F({kN, 5})}},
      {"Lstm",
       op::Recurrent{},
       {F({kN, 7, 3}), F({kN, 5}), F({kN, 5}), F({20, 3}), F({20, 5}), F({20}), F({20})},
       {F({kN, 7, 5}), F({kN, 5}), F({kN, 5})}},
      {"Gru",
       op::Recurrent{op::Recurrent::Kind::kGru},
       {F({kN, 7, 3}), F({kN, 5}), std::nullopt, F({15, 3}), F({15, 5}), std::nullopt,
        std::nullopt},
       {F({kN, 7, 5}), F({kN, 5})}},
  };
  return cases;
}

const std::vector<Case>& BadCases() {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  static const std::vector<Case> cases = {
      {"TooFewInputs", op::Linear{}, {F({kN, 3})}, {}, "takes x, weight, bias?"},
      {"AbsentInput", Binary{}, {F({1}), std::nullopt}, {}, "takes a, b"},
      {"GeluOfIntegers", Unary{Unary::Kind::kGelu}, {I({1})}, {}, "floating-point"},
      {"MixedTypes", Binary{}, {F({1}), I({1})}, {}, "b is int64, but the first is float32"},
      {"NoBroadcast", Binary{}, {F({kN, 3}), F({4})}, {}, "do not broadcast"},
      {"WhereOfNumbers", op::Where{}, {F({1}), F({1}), F({1})}, {}, "condition is float32"},
      {"ConvChannels",
       op::Conv{},
       {F({kN, 4, 8, 8}), F({64, 3, 7, 7}), std::nullopt},
       {},
       "weight is [64, 3, 7, 7], but x has 4 channels"},
      {"ConvGroups",
       op::Conv{.groups = 3},
       {F({kN, 4, 8, 8}), F({6, 1, 3, 3}), std::nullopt},
       {},
       "in 3 groups"},
      {"ConvKernelTooLarge",
       op::Conv{},
       {F({kN, 1, 2, 2}), F({1, 1, 3, 3}), std::nullopt},
       {},
       "the kernel reaches over 3"},
      {"ConvHugeStride",
       op::Conv{.stride = {kHuge, 1}},
       {F({kN, 1, 2, 2}), F({1, 1, 1, 1}), std::nullopt},
       {},
       "stride is"},
      {"ConvZeroStride",
       op::Conv{.stride = {0, 1}},
       {F({kN, 1, 2, 2}), F({1, 1, 1, 1}), std::nullopt},
       {},
       "stride is 0"},
      {"ConvBias", op::Conv{}, {F({kN, 1, 2, 2}), F({4, 1, 1, 1}), F({3})}, {}, "bias is [3]"},
      {"ConvOverGrowingSize",
       op::Conv{.stride = {1, 2}},
       {F({1, 1, kN}), F({1, 1, 1}), std::nullopt},
       {},
       "does not grow with the batch"},
      {"LinearColumns", op::Linear{}, {F({kN, 5}), F({4, 8}), std::nullopt}, {}, "x is [N, 5]"},
      {"MatMulVector", op::MatMul{}, {F({4}), F({4, 2})}, {}, "at least 2 dimensions"},
      {"AttentionMask",
       op::Attention{},
       {F({kN, 5, 4}), F({kN, 6, 4}), F({kN, 6, 4}), B({5, 5})},
       {},
       "mask is [5, 5]"},
      {"NormDims", op::LayerNorm{3}, {F({kN, 4}), std::nullopt, std::nullopt}, {}, "3 dimensions"},
      {"SoftmaxDim", op::Softmax{2}, {F({kN, 4})}, {}, "dim is 2"},
      {"NegativeDim", op::Softmax{-1}, {F({kN, 4})}, {}, "dim is -1"},
      {"PoolPad", op::Pool{.kernel = {2, 2}, .pad = {2, 2}}, {F({kN, 1, 8, 8})}, {}, "half of"},
      {"ReduceNothing", Reduce{}, {F({kN})}, {}, "at least one"},
      {"ReduceTwice", Reduce{Reduce::Kind::kSum, {0, 0}}, {F({kN})}, {}, "must ascend"},
      {"MaxOfNothing", Reduce{Reduce::Kind::kMax, {1}}, {F({kN, 0})}, {}, "nothing along"},
      {"TopKTooMany", op::TopK{11, 1}, {F({kN, 10})}, {}, "k is 11"},
      {"ConcatSizes", op::Concat{1}, {F({kN, 2}), F({2, 2})}, {}, "an input is [2, 2]"},
      {"ConcatOverflow", op::Concat{0}, {F({kHuge}), F({kHuge})}, {}, "too large"},
      {"SliceBehindTheEnd", op::Slice{1, 3, 2}, {F({kN, 6})}, {F({kN, 3})}, "takes 3 from 3"},
      {"ReshapeElements", op::Reshape{}, {F({kN, 4})}, {F({kN, 5})}, "can't be viewed"},
      {"PermuteTwice", op::Permute{{0, 0}}, {F({kN, 4})}, {}, "dimension 0 twice"},
      {"ExpandSizes", op::Expand{}, {F({3})}, {F({kN, 4})}, "does not broadcast"},
      {"ReflectTooFar", op::Pad{op::Pad::Mode::kReflect, {5}, {0}}, {F({5})}, {}, "pads are 5"},
      {"CropTooFar", op::Pad{op::Pad::Mode::kConstant, {-6}, {9}}, {F({5})}, {}, "pads are -6"},
      {"ResizeToNothing", op::Resize{}, {F({kN, 2, 4, 4})}, {F({kN, 2, 0, 4})}, "output"},
      {"IndicesOfFloats", op::Gather{}, {F({3}), F({1})}, {}, "indices are float32"},
      {"GruWithCell",
       op::Recurrent{op::Recurrent::Kind::kGru},
       {F({kN, 7, 3}), F({kN, 5}), F({kN, 5}), F({15, 3}), F({15, 5}), std::nullopt, std::nullopt},
       {},
       "which a gru has not"},
  };
  return cases;
}

class InferTest : public ::testing::TestWithParam<Case> {};

TEST_P(InferTest, KnowsTheOutputs) {
  const Case& test = GetParam();
  const auto inferred = InferOutputs(test.op, Pointers(test), test.outputs);
  if (test.error.empty()) {
    ASSERT_TRUE(inferred.ok()) << inferred.status().ToString();
    EXPECT_EQ(*inferred, test.outputs);
  } else {
    ASSERT_FALSE(inferred.ok());
    EXPECT_EQ(inferred.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(inferred.status().message().find(test.error), std::string::npos)
        << inferred.status().message();
    EXPECT_TRUE(inferred.status().message().starts_with(OpName(test.op)));
  }
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Good, InferTest, ::testing::ValuesIn(GoodCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(Bad, InferTest, ::testing::ValuesIn(BadCases()), NameOf);

}  // namespace
}  // namespace fedge
