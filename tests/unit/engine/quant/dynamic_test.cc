#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "reference.h"

namespace fedge::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

ByteCase LinearCase(Dims rows, std::int64_t depth, std::int64_t outputs, bool bias) {
  ByteCase test{op::DynamicQuantLinear{}, {}, rows, DType::kFloat32};
  rows.push_back(depth);
  test.output.push_back(outputs);
  test.inputs = {RandomFloats(rows, -1.5F, 4, 1),
                 RandomBytes(DType::kInt8, {outputs, depth}, -128, 127, 2),
                 RandomFloats({outputs}, 0.001F, 0.02F, 3), std::nullopt};
  if (bias) test.inputs[3] = RandomFloats({outputs}, -1, 1, 4);
  return test;
}

// One output, of the sum of bytes without their zero points.
float Output(const ByteCase& test, const DynamicBytes& made, std::int64_t sum, std::size_t output) {
  if (!made.finite) return kNan;
  const float bias = test.inputs[3] ? test.inputs[3]->elements[output] : 0.0F;
  return static_cast<float>(sum) * (made.scale * test.inputs[2]->elements[output]) + bias;
}

std::vector<float> ExpectedLinear(const ByteCase& test) {
  const ByteTensor& x = *test.inputs[0];
  const ByteTensor& weight = *test.inputs[1];
  const std::int64_t depth = weight.dims[1];
  std::vector<float> output;
  for (std::int64_t r = 0; r < x.size() / depth; ++r) {
    const DynamicBytes made = QuantizeDynamically(x.elements.data() + r * depth, depth);
    for (std::int64_t m = 0; m < weight.dims[0]; ++m) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < depth; ++k) {
        sum +=
            static_cast<std::int64_t>(made.bytes[static_cast<std::size_t>(k)] - made.zero_point) *
            static_cast<std::int64_t>(weight.elements[static_cast<std::size_t>(m * depth + k)]);
      }
      output.push_back(Output(test, made, sum, static_cast<std::size_t>(m)));
    }
  }
  return output;
}

TEST(DynamicQuantLinearTest, AGridOfShapesIsExact) {
  for (const Dims& rows : {Dims{1}, Dims{5}, Dims{97}, Dims{2, 3}}) {
    for (const auto& [depth, outputs] :
         {std::pair<std::int64_t, std::int64_t>{1, 1}, {7, 33}, {130, 65}, {4096, 3}}) {
      for (const bool bias : {true, false}) {
        SCOPED_TRACE(fmt::format("{} rows, {} -> {}", rows[0], depth, outputs));
        const ByteCase test = LinearCase(rows, depth, outputs, bias);
        ExpectExactly(test, ExpectedLinear(test));
      }
    }
  }
}

TEST(DynamicQuantLinearTest, EveryRangeIsExact) {
  const std::vector<float> rows[] = {
      {0, 0, 0, 0},
      {1, 2, 3, 4},
      {-1, -2, -3, -4},
      {-1, 0.5F, 1, 3},
      {1e-44F, -1e-44F, 0, 1e-45F},
      {1e-37F, 0, 3e-38F, -2e-38F},
      {3e38F, -3e38F, 1, 0},
      {1e30F, 1, -1e-30F, 0},
      {0.5F, 1.5F, 254.5F, 255},
      {-0.5F, -127.5F, 127.5F, 2.5F},
  };
  for (const auto& row : rows) {
    ByteCase test = LinearCase({1}, 4, 5, true);
    test.inputs[0]->elements = row;
    ExpectExactly(test, ExpectedLinear(test));
  }
}

TEST(DynamicQuantLinearTest, WhatIsNotFiniteStaysInItsRow) {
  for (const float number : {kNan, kInfinity, -kInfinity}) {
    ByteCase test = LinearCase({5}, 19, 7, true);
    test.inputs[0]->elements[2 * 19 + 18] = number;
    test.inputs[0]->elements[4 * 19] = number;
    ExpectExactly(test, ExpectedLinear(test));
  }
}

TEST(DynamicQuantLinearTest, ARowAloneGivesTheSameBytes) {
  ExpectRowsAlone(LinearCase({70}, 37, 40, true));
}

ByteCase ConvCase(const op::DynamicQuantConv& op, Dims x, Dims weight, bool channels_last) {
  ByteCase test{op, {}, {}, DType::kFloat32};
  test.inputs = {RandomFloats(x, -1.5F, 4, 1), RandomBytes(DType::kInt8, weight, -128, 127, 2),
                 RandomFloats({weight[0]}, 0.001F, 0.02F, 3), RandomFloats({weight[0]}, -1, 1, 4)};
  test.inputs[0]->channels_last = channels_last;
  test.output = ConvOutput(AsConv(op), *test.inputs[0], *test.inputs[1]);
  return test;
}

// Sums of bytes without their zero points: what lies outside is 0 there.
std::vector<float> ExpectedConv(const ByteCase& test) {
  std::vector<float> output;
  for (std::int64_t n = 0; n < test.output[0]; ++n) {
    ByteTensor image = test.inputs[0]->Rows(n, 1);
    const DynamicBytes made = QuantizeDynamically(image.elements.data(), image.size());
    for (std::size_t i = 0; i < image.elements.size(); ++i) {
      image.elements[i] = made.bytes[i] - made.zero_point;
    }
    Dims one = test.output;
    one[0] = 1;
    const auto sums =
        ConvSums(AsConv(std::get<op::DynamicQuantConv>(test.op)), image, *test.inputs[1], one, 0);
    const std::size_t inner = sums.size() / static_cast<std::size_t>(one[1]);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      output.push_back(Output(test, made, sums[i], i / inner));
    }
  }
  return output;
}

TEST(DynamicQuantConvTest, AGridOfShapesIsExact) {
  const op::DynamicQuantConv padded{.pad_begin = {1, 1}, .pad_end = {1, 1}};
  const op::DynamicQuantConv depthwise{
      .stride = {2, 2}, .pad_begin = {1, 1}, .pad_end = {1, 1}, .groups = 19};
  const op::DynamicQuantConv grouped{
      .pad_begin = {2, 2}, .pad_end = {2, 2}, .dilation = {2, 2}, .groups = 2};
  for (const bool channels_last : {true, false}) {
    for (const ByteCase& test : {ConvCase(padded, {2, 3, 7, 9}, {37, 3, 3, 3}, channels_last),
                                 ConvCase(padded, {3, 20, 5, 6}, {33, 20, 3, 3}, channels_last),
                                 ConvCase({}, {2, 33, 5, 6}, {8, 33, 1, 1}, channels_last),
                                 ConvCase({}, {2, 5, 11}, {8, 5, 3}, channels_last),
                                 ConvCase(depthwise, {2, 19, 7, 8}, {19, 1, 3, 3}, channels_last),
                                 ConvCase(grouped, {2, 8, 7, 8}, {6, 4, 3, 3}, channels_last)}) {
      SCOPED_TRACE(fmt::format("{} channels, {} outputs", test.inputs[0]->dims[1], test.output[1]));
      ExpectExactly(test, ExpectedConv(test));
      ExpectRowsAlone(test);
    }
  }
}

TEST(DynamicQuantConvTest, WhatIsNotFiniteStaysInItsSample) {
  ByteCase test = ConvCase({}, {3, 4, 3, 3}, {5, 4, 2, 2}, true);
  test.inputs[0]->elements[40] = kNan;
  ExpectExactly(test, ExpectedConv(test));
}

}  // namespace
}  // namespace fedge::testing
