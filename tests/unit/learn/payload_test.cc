#include "fedge/learn/payload.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/common/random.h"

namespace fedge {
namespace {

template <typename T>
std::vector<T> Subtract(DType dtype, const std::vector<T>& trained, const std::vector<T>& base) {
  std::vector<T> out(trained.size());
  SubtractElements(dtype, std::as_bytes(std::span(trained)), std::as_bytes(std::span(base)),
                   std::as_writable_bytes(std::span(out)));
  return out;
}

TEST(PayloadTest, SubtractsInTheTypeOfTheStorage) {
  EXPECT_EQ(Subtract<double>(DType::kFloat64, {0.3, 1}, {0.1, 3}),
            (std::vector<double>{0.3 - 0.1, -2}));
  EXPECT_EQ(Subtract<float>(DType::kFloat32, {0.3F, 1}, {0.1F, 3}),
            (std::vector<float>{0.3F - 0.1F, -2}));
}

TEST(PayloadTest, RoundsSmallTypesOnce) {
  // 2^8 - (2^-8 + 2^-16) in bfloat16, whose neighbours at 2^8 below are 1 apart: exactly rounded it
  // is 2^8.
  const std::uint16_t large = FloatToBFloat16(256);
  const std::uint16_t small = FloatToBFloat16(0.00390625F + 0.0000152587890625F);
  EXPECT_EQ(Subtract<std::uint16_t>(DType::kBFloat16, {large}, {small}).front(), large);
  Random random(3);
  for (int i = 0; i < 1000; ++i) {
    const auto a = static_cast<std::uint16_t>(random.Below(0x7c00));
    const auto b = static_cast<std::uint16_t>(random.Below(0x7c00));
    const double exact = static_cast<double>(HalfToFloat(a)) - static_cast<double>(HalfToFloat(b));
    const double rounded = static_cast<double>(
        HalfToFloat(Subtract<std::uint16_t>(DType::kFloat16, {a}, {b}).front()));
    // Half a unit in the last place of a normal half is 2^-11 of it; of a subnormal 2^-25.
    EXPECT_LE(std::abs(rounded - exact), std::max(std::abs(exact) * 0x1p-11, 0x1p-25));
  }
}

TEST(PayloadTest, WhatDidNotChangeHasNoDifferenceEvenIfInfinite) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr float kInfinityF = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Subtract<double>(DType::kFloat64, {-kInfinity, 1}, {-kInfinity, 3}),
            (std::vector<double>{0, -2}));
  EXPECT_EQ(Subtract<float>(DType::kFloat32, {kInfinityF}, {kInfinityF}), std::vector<float>{0});
  const std::uint16_t half = FloatToHalf(-kInfinityF);
  EXPECT_EQ(Subtract<std::uint16_t>(DType::kFloat16, {half}, {half}),
            std::vector<std::uint16_t>{0});
}

TEST(PayloadTest, TakesBytesOfAnyAlignment) {
  std::vector<std::byte> trained(9);
  std::vector<std::byte> base(10);
  std::vector<std::byte> out(11);
  const float two = 2;
  std::memcpy(trained.data() + 1, &two, 4);
  SubtractElements(DType::kFloat32, std::span(trained).subspan(1, 8), std::span(base).subspan(2, 8),
                   std::span(out).subspan(3, 8));
  float value = 0;
  std::memcpy(&value, out.data() + 3, 4);
  EXPECT_EQ(value, 2);
}

TEST(PayloadTest, FindsInfinitiesAndNaNs) {
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const std::vector<float> floats = {1, bad, std::numeric_limits<float>::max()};
    EXPECT_FALSE(AllFinite(DType::kFloat32, std::as_bytes(std::span(floats))));
    const std::vector<double> doubles = {1, static_cast<double>(bad)};
    EXPECT_FALSE(AllFinite(DType::kFloat64, std::as_bytes(std::span(doubles))));
    const std::vector<std::uint16_t> halves = {0, FloatToHalf(bad)};
    EXPECT_FALSE(AllFinite(DType::kFloat16, std::as_bytes(std::span(halves))));
    const std::vector<std::uint16_t> brains = {0, FloatToBFloat16(bad)};
    EXPECT_FALSE(AllFinite(DType::kBFloat16, std::as_bytes(std::span(brains))));
  }
  const std::vector<float> good = {0, -std::numeric_limits<float>::max(),
                                   std::numeric_limits<float>::denorm_min()};
  EXPECT_TRUE(AllFinite(DType::kFloat32, std::as_bytes(std::span(good))));
}

}  // namespace
}  // namespace fedge
