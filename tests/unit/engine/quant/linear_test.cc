#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "reference.h"

namespace fedge::testing {
namespace {

ByteCase MakeCase(Dims rows, std::int64_t depth, std::int64_t outputs, int largest, DType dtype) {
  ByteCase test{op::QuantLinear{}, {}, rows, dtype};
  rows.push_back(depth);
  test.output.push_back(outputs);
  const float spread = 100 * static_cast<float>(largest) * std::sqrt(static_cast<float>(depth));
  test.inputs = {RandomBytes(DType::kUInt8, rows, 0, 255, 1),
                 RandomBytes(DType::kInt8, {outputs, depth}, -largest, largest, 2),
                 RandomFloats({outputs}, -spread, 2 * spread, 3),
                 RandomFloats({outputs}, 20 / spread, 150 / spread, 4)};
  return test;
}

std::vector<float> Expected(const ByteCase& test) {
  return Requantized(LinearSums(*test.inputs[0], *test.inputs[1]), 1, *test.inputs[2],
                     *test.inputs[3], test.dtype);
}

TEST(QuantLinearTest, AGridOfShapesIsExact) {
  for (const Dims& rows : {Dims{1}, Dims{5}, Dims{33}, Dims{100}, Dims{2, 3}, Dims{2, 3, 2}}) {
    for (const auto& [depth, outputs] :
         {std::pair<std::int64_t, std::int64_t>{1, 1}, {7, 33}, {64, 10}, {130, 65}, {512, 17}}) {
      for (const int largest : {127, 64}) {
        for (const DType dtype : {DType::kUInt8, DType::kFloat32}) {
          SCOPED_TRACE(
              fmt::format("{} rows, {} -> {}, weights to {}", rows[0], depth, outputs, largest));
          const ByteCase test = MakeCase(rows, depth, outputs, largest, dtype);
          ExpectExactly(test, Expected(test));
        }
      }
    }
  }
}

TEST(QuantLinearTest, LongSumsDoNotSaturate) {
  for (const std::int64_t depth : {256, 4096, 65793}) {
    ByteCase test = MakeCase({2}, depth, 3, 127, DType::kUInt8);
    test.inputs[0] = Same(DType::kUInt8, {2, depth}, 255);
    test.inputs[1] = Same(DType::kInt8, {3, depth}, 127);
    test.inputs[2] = Same(DType::kFloat32, {3}, 0);
    test.inputs[3] = Same(DType::kFloat32, {3}, 200 / (255.0F * 127 * static_cast<float>(depth)));
    ExpectExactly(test, std::vector<float>(6, 200));
  }
}

// reference/compression.md: both zero points in the bias, in units of the sum.
TEST(QuantLinearTest, AWorkedExample) {
  ByteCase test{op::QuantLinear{}, {}, {2, 2}};
  const float x_scale = 0.02F, out_scale = 0.05F;
  const float w_scale[] = {1 / 127.0F, 2 / 127.0F}, bias[] = {0.1F, -0.2F};
  const std::vector<float> w = {64, -127, 32, 127, 6, -19};
  test.inputs = {MakeTensor(DType::kUInt8, {2, 3}, {70, 40, 110, 135, 60, 10}),
                 MakeTensor(DType::kInt8, {2, 3}, w), Same(DType::kFloat32, {2}, 0),
                 Same(DType::kFloat32, {2}, 1)};
  for (std::size_t m = 0; m < 2; ++m) {
    const float scale = x_scale * w_scale[m] / out_scale;
    const float sum = w[m * 3] + w[m * 3 + 1] + w[m * 3 + 2];
    test.inputs[3]->elements[m] = scale;
    test.inputs[2]->elements[m] = bias[m] / (x_scale * w_scale[m]) - 60 * sum + 30 / scale;
  }
  ExpectExactly(test, {47, 27, 42, 92});
}

TEST(QuantLinearTest, ARowAloneGivesTheSameBytes) {
  ExpectRowsAlone(MakeCase({70}, 130, 40, 64, DType::kUInt8));
  ExpectRowsAlone(MakeCase({9, 3}, 37, 20, 127, DType::kFloat32));
}

TEST(QuantLinearTest, WeightsThatAreNotConstantDoNotMatter) {
  ByteCase test = MakeCase({5}, 37, 40, 127, DType::kUInt8);
  test.constants = false;
  ExpectExactly(test, Expected(test));
}

}  // namespace
}  // namespace fedge::testing
