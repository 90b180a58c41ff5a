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
TensorType U8(Shape shape) { return {DType::kUInt8, std::move(shape)}; }
TensorType S8(Shape shape) { return {DType::kInt8, std::move(shape)}; }

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

const std::vector<Case>& GoodIntegerCases() {
  static const std::vector<Case> cases = {
      {"Quantize", op::Quantize{0.1F, 255}, {F({kN, 3})}, {U8({kN, 3})}},
      {"Dequantize", op::Dequantize{0.1F, 0}, {U8({kN, 3})}, {F({kN, 3})}},
      {"QuantConv",
       op::QuantConv{.stride = {2, 2}, .pad_begin = {3, 3}, .pad_end = {3, 3}},
       {U8({kN, 3, 224, 224}), S8({64, 3, 7, 7}), F({64}), F({64})},
       {U8({kN, 64, 112, 112})}},
      {"QuantConv1dToFloat",
       op::QuantConv{.dilation = {1, 2}, .groups = 2},
       {U8({kN, 4, 16}), S8({6, 2, 3}), F({6}), F({6})},
       {F({kN, 6, 12})}},
      {"QuantLinear",
       op::QuantLinear{},
       {U8({kN, 5, 8}), S8({4, 8}), F({4}), F({4})},
       {U8({kN, 5, 4})}},
      {"QuantLinearOfManyColumns",
       op::QuantLinear{},
       {U8({kN, 65793}), S8({1, 65793}), F({1}), F({1})},
       {F({kN, 1})}},
      {"DynamicQuantLinear",
       op::DynamicQuantLinear{},
       {F({kN, 5, 8}), S8({4, 8}), F({4}), std::nullopt},
       {F({kN, 5, 4})}},
      {"DynamicQuantConv",
       op::DynamicQuantConv{.groups = 2},
       {F({kN, 4, 5, 5}), S8({6, 2, 3, 3}), F({6}), F({6})},
       {F({kN, 6, 3, 3})}},
      {"QuantAdd", op::QuantAdd{0.5F, 2, -3}, {U8({kN, 3}), U8({kN, 3})}, {U8({kN, 3})}},
      {"MaxPoolOfBytes", op::Pool{.kernel = {2, 2}}, {U8({kN, 4, 3, 3})}, {U8({kN, 4, 2, 2})}},
      {"PadOfBytes",
       op::Pad{op::Pad::Mode::kConstant, {0, 1}, {0, 1}, 7},
       {U8({kN, 3})},
       {U8({kN, 5})}},
      {"ResizeOfBytes", op::Resize{}, {U8({kN, 3, 2, 2})}, {U8({kN, 3, 4, 4})}},
  };
  return cases;
}

const std::vector<Case>& BadIntegerCases() {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  static const std::vector<Case> cases = {
      {"QuantizeBytes", op::Quantize{}, {U8({kN})}, {}, "x is uint8, but must be float32"},
      {"QuantizeHalves", op::Quantize{}, {TensorType{DType::kFloat16, {kN}}}, {}, "x is float16"},
      {"ScaleZero", op::Quantize{0, 0}, {F({kN})}, {}, "scale is 0"},
      {"ScaleNan", op::Quantize{kNan, 0}, {F({kN})}, {}, "scale is nan"},
      {"ScaleInfinite", op::Dequantize{kInfinity, 0}, {U8({kN})}, {}, "scale is inf"},
      {"ScaleNegative", op::Dequantize{-1, 0}, {U8({kN})}, {}, "scale is -1"},
      {"ZeroPointBelow", op::Quantize{1, -1}, {F({kN})}, {}, "zero_point is -1"},
      {"ZeroPointAbove", op::Dequantize{1, 256}, {U8({kN})}, {}, "zero_point is 256"},
      {"DequantizeFloats", op::Dequantize{}, {F({kN})}, {}, "x is float32, but must be uint8"},
      {"QuantConvOfFloats",
       op::QuantConv{},
       {F({kN, 1, 2, 2}), S8({4, 1, 1, 1}), F({4}), F({4})},
       {U8({kN, 4, 2, 2})},
       "x is float32"},
      {"QuantConvOfUnsignedWeights",
       op::QuantConv{},
       {U8({kN, 1, 2, 2}), U8({4, 1, 1, 1}), F({4}), F({4})},
       {U8({kN, 4, 2, 2})},
       "weight is uint8, but must be int8"},
      {"QuantConvWithoutScale",
       op::QuantConv{},
       {U8({kN, 1, 2, 2}), S8({4, 1, 1, 1}), F({4})},
       {U8({kN, 4, 2, 2})},
       "takes x, weight, bias, scale"},
      {"QuantConvOneScale",
       op::QuantConv{},
       {U8({kN, 1, 2, 2}), S8({4, 1, 1, 1}), F({4}), F({1})},
       {U8({kN, 4, 2, 2})},
       "scale is [1]"},
      {"QuantConvIntegerBias",
       op::QuantConv{},
       {U8({kN, 1, 2, 2}), S8({4, 1, 1, 1}), I({4}), F({4})},
       {U8({kN, 4, 2, 2})},
       "bias is int64"},
      {"QuantConvToIntegers",
       op::QuantConv{},
       {U8({kN, 1, 2, 2}), S8({4, 1, 1, 1}), F({4}), F({4})},
       {S8({kN, 4, 2, 2})},
       "the output is int8"},
      {"QuantConvGroups",
       op::QuantConv{.groups = 3},
       {U8({kN, 4, 2, 2}), S8({4, 1, 1, 1}), F({4}), F({4})},
       {U8({kN, 4, 2, 2})},
       "4 channels in 3 groups"},
      {"QuantConvOverflow",
       op::QuantConv{},
       {U8({kN, 8192, 3, 3}), S8({4, 8192, 3, 3}), F({4}), F({4})},
       {U8({kN, 4, 1, 1})},
       "may overflow"},
      {"QuantLinearOverflow",
       op::QuantLinear{},
       {U8({kN, 65794}), S8({1, 65794}), F({1}), F({1})},
       {F({kN, 1})},
       "may overflow"},
      {"QuantLinearColumns",
       op::QuantLinear{},
       {U8({kN, 8}), S8({4, 9}), F({4}), F({4})},
       {F({kN, 4})},
       "x is [N, 8]"},
      {"QuantLinearGrows",
       op::QuantLinear{},
       {U8({2, kN}), S8({4, kN}), F({4}), F({4})},
       {F({2, 4})},
       "weight grows"},
      {"DynamicQuantLinearOfBytes",
       op::DynamicQuantLinear{},
       {U8({kN, 8}), S8({4, 8}), F({4}), F({4})},
       {},
       "x is uint8"},
      {"DynamicQuantConvStride",
       op::DynamicQuantConv{.stride = {0, 1}},
       {F({kN, 1, 2, 2}), S8({4, 1, 1, 1}), F({4}), std::nullopt},
       {},
       "stride is 0"},
      {"QuantAddBroadcast",
       op::QuantAdd{},
       {U8({kN, 3}), U8({1, 3})},
       {},
       "b is [1, 3], but must be [N, 3]"},
      {"QuantAddOfFloats", op::QuantAdd{}, {U8({kN}), F({kN})}, {}, "b is float32"},
      {"QuantAddOffset", op::QuantAdd{1, 1, kNan}, {U8({kN}), U8({kN})}, {}, "offset is nan"},
      {"AveragePoolOfBytes", op::Pool{.average = true}, {U8({kN, 4, 3, 3})}, {}, "floating-point"},
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
INSTANTIATE_TEST_SUITE_P(GoodIntegers, InferTest, ::testing::ValuesIn(GoodIntegerCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(BadIntegers, InferTest, ::testing::ValuesIn(BadIntegerCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(Bad, InferTest, ::testing::ValuesIn(BadCases()), NameOf);

}  // namespace
}  // namespace fedge
