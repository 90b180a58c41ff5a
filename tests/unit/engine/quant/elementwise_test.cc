#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "reference.h"

namespace fedge::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> Quantized(const op::Quantize& op, std::vector<float> numbers) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  ByteCase test{op, {MakeTensor(DType::kFloat32, {count}, std::move(numbers))}, {count}};
  return Run(Portable(), test).value();
}

// reference/compression.md, "Quantize, integer arithmetic".
TEST(QuantizeTest, RoundsHalfToEven) {
  EXPECT_EQ(Quantized({1, 0}, {0.5F, 1.5F, 2.5F, 3.5F, -0.5F}),
            (std::vector<float>{0, 2, 2, 4, 0}));
  EXPECT_EQ(Quantized({0.1F, 10}, {-1.04F, -0.05F, 0, 0.05F, 0.15F, 0.25F, 24.5F, 30}),
            (std::vector<float>{0, 10, 10, 10, 12, 12, 255, 255}));
}

TEST(QuantizeTest, WhatIsNoNumberIsTheZeroPoint) {
  EXPECT_EQ(Quantized({0.5F, 7}, {kNan, kInfinity, -kInfinity, 3e38F, -3e38F}),
            (std::vector<float>{7, 255, 0, 255, 0}));
  // 1 / scale is infinite.
  EXPECT_EQ(Quantized({1e-45F, 9}, {0, 1, -1}), (std::vector<float>{9, 255, 0}));
}

TEST(QuantizeTest, AnyLayoutIsExact) {
  for (const std::int64_t channels : {1, 3, 67}) {
    ByteTensor x = RandomFloats({2, channels, 5, 300}, -3, 9, 1);
    std::vector<float> expected;
    const float inverse = 1.0F / 0.037F;
    for (const float number : x.elements) {
      expected.push_back(std::clamp(std::nearbyint(number * inverse) + 80.0F, 0.0F, 255.0F));
    }
    for (const bool channels_last : {true, false}) {
      x.channels_last = channels_last;
      ExpectExactly({op::Quantize{0.037F, 80}, {x}, x.dims}, expected);
    }
  }
}

TEST(DequantizeTest, IsExact) {
  const ByteTensor x = RandomBytes(DType::kUInt8, {3, 700}, 0, 255, 1);
  std::vector<float> expected;
  for (const float byte : x.elements) expected.push_back((byte - 117.0F) * 0.013F);
  ExpectExactly({op::Dequantize{0.013F, 117}, {x}, x.dims, DType::kFloat32}, expected);
}

TEST(QuantAddTest, IsExact) {
  const op::QuantAdd op{0.37F, 1.21F, -23.4F};
  const ByteTensor a = RandomBytes(DType::kUInt8, {2, 37, 5, 7}, 0, 255, 1);
  const ByteTensor b = RandomBytes(DType::kUInt8, {2, 37, 5, 7}, 0, 255, 2);
  std::vector<float> expected;
  for (std::size_t i = 0; i < a.elements.size(); ++i) {
    expected.push_back(
        Saturate((a.elements[i] * op.a_scale + b.elements[i] * op.b_scale) + op.offset));
  }
  ByteCase test{op, {a, b}, a.dims};
  ExpectExactly(test, expected);
  test.inputs[0]->channels_last = true;  // as the output
  ExpectExactly(test, expected);
}

// reference/compression.md: a (0.05, 40) and c (0.02, 100) to (0.04, 50).
TEST(QuantAddTest, AWorkedExample) {
  const op::QuantAdd op{0.05F / 0.04F, 0.02F / 0.04F,
                        50 - 40 * (0.05F / 0.04F) - 100 * (0.02F / 0.04F)};
  const ByteTensor a = MakeTensor(DType::kUInt8, {4}, {40, 60, 20, 100});
  const ByteTensor c = MakeTensor(DType::kUInt8, {4}, {125, 0, 115, 200});
  ExpectExactly({op, {a, c}, {4}}, {62, 25, 32, 175});
}

TEST(BytesTest, MaxPoolTakesThem) {
  ByteTensor x =
      MakeTensor(DType::kUInt8, {1, 2, 2, 3}, {1, 255, 3, 4, 5, 200, 0, 0, 0, 128, 127, 7});
  const op::Pool pool{.kernel = {2, 2}};
  for (const bool channels_last : {true, false}) {
    x.channels_last = channels_last;
    ExpectExactly({pool, {x}, {1, 2, 1, 2}}, {255, 255, 128, 127});
  }
}

TEST(BytesTest, PadAndResizeTakeThem) {
  const ByteTensor x = MakeTensor(DType::kUInt8, {1, 1, 1, 2}, {7, 250});
  const op::Pad pad{op::Pad::Mode::kConstant, {0, 0, 0, 1}, {0, 0, 0, 1}, 200};
  ExpectExactly({pad, {x}, {1, 1, 1, 4}}, {200, 7, 250, 200});
  ExpectExactly({op::Resize{}, {x}, {1, 1, 2, 4}}, {7, 7, 250, 250, 7, 7, 250, 250});
}

}  // namespace
}  // namespace fedge::testing
