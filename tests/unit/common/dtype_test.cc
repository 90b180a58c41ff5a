#include "fedge/tensor/dtype.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace fedge {
namespace {

TEST(DTypeTest, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(DTypeFromName(DTypeName(dtype)), dtype);
  }
  EXPECT_EQ(DTypeFromName("complex64"), std::nullopt);
}

TEST(HalfTest, EveryPatternSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = HalfToFloat(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value))));
    } else {
      ASSERT_EQ(FloatToHalf(value), half) << value;
    }
  }
}

TEST(BFloat16Test, EveryPatternSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto narrow = static_cast<std::uint16_t>(bits);
    const float value = BFloat16ToFloat(narrow);
    if (!std::isnan(value)) {
      ASSERT_EQ(FloatToBFloat16(value), narrow) << value;
    }
  }
}

TEST(HalfTest, RoundsToNearestEvenAndOverflowsToInfinity) {
  EXPECT_EQ(FloatToHalf(1.0F + 0x1p-11F), 0x3c00);  // a tie goes to the even neighbour
  EXPECT_EQ(FloatToHalf(1.0F + 3 * 0x1p-11F), 0x3c02);
  EXPECT_EQ(FloatToHalf(65504.0F), 0x7bff);
  EXPECT_EQ(FloatToHalf(65519.9F), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7c00);
  EXPECT_EQ(FloatToHalf(0x1p-25F), 0);  // a tie with zero
  EXPECT_EQ(FloatToHalf(-0x1.8p-25F), 0x8001);
  EXPECT_EQ(FloatToHalf(-0.0F), 0x8000);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::infinity()), 0x7c00);
}

TEST(HalfTest, FromDoubleRoundsOnlyOnce) {
  // Just above a tie of binary16; a stop at binary32 would land on the tie and round down.
  EXPECT_EQ(DoubleToHalf(1.0 + 0x1p-11 + 0x1p-40), 0x3c01);
}

// The usual integer formulation of float to bfloat16.
std::uint16_t ReferenceBFloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

TEST(BFloat16Test, AgreesWithTheIntegerFormulation) {
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const float value = std::bit_cast<float>(i * 42'949U);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(FloatToBFloat16(value), ReferenceBFloat16(value)) << value;
  }
}

}  // namespace
}  // namespace fedge
