#include "fedge/tensor/narrow_float.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "fedge/tensor/half.h"

namespace fedge {
namespace {

// sign * mantissa * 2^exponent, as the formats are defined; the bits of what is no number.
template <typename Format>
float Defined(std::uint16_t bits) {
  const int mantissa_bits = Format::kMantissaBits;
  const int exponent_bits = 15 - mantissa_bits;
  const auto mantissa = static_cast<std::uint32_t>(bits & ((1U << mantissa_bits) - 1));
  const int exponent = (bits & 0x7fff) >> mantissa_bits;
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16;
  if (exponent == (1 << exponent_bits) - 1)
    return std::bit_cast<float>(sign | 0x7f800000U | mantissa << (23 - mantissa_bits));
  const double hidden = exponent == 0 ? 0 : std::ldexp(1, mantissa_bits);
  const double magnitude = std::ldexp(
      hidden + mantissa, std::max(exponent, 1) - 1 + Format::kMinExponent - mantissa_bits);
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(magnitude)));
}

// To nearest even, by the definition of the formats; an overflow becomes infinity through the carry
// into the exponent's bits.
template <typename Format>
std::uint16_t Rounded(double value) {
  const int sign = std::signbit(value) ? 0x8000 : 0;
  const int infinity = (Format::kMaxExponent - Format::kMinExponent + 2) << Format::kMantissaBits;
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) {
    return static_cast<std::uint16_t>(sign | infinity | 1 << (Format::kMantissaBits - 1));
  }
  if (magnitude == 0) return static_cast<std::uint16_t>(sign);
  const int exponent = std::max(std::ilogb(magnitude), Format::kMinExponent);
  if (exponent > Format::kMaxExponent) return static_cast<std::uint16_t>(sign | infinity);
  // The significand in units of the last stored bit is exact in double, so rint rounds once.
  const double units = std::rint(std::ldexp(magnitude, Format::kMantissaBits - exponent));
  const int biased = exponent - Format::kMinExponent;  // 0 for the subnormal range too
  return static_cast<std::uint16_t>(sign |
                                    ((biased << Format::kMantissaBits) + static_cast<int>(units)));
}

TEST(NarrowFloatTest, WidensEveryBitPatternAsDefined) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto narrow = static_cast<std::uint16_t>(bits);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(WidenToFloat<Float16Format>(narrow)),
              std::bit_cast<std::uint32_t>(Defined<Float16Format>(narrow)))
        << bits;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(WidenToFloat<BFloat16Format>(narrow)),
              std::bit_cast<std::uint32_t>(Defined<BFloat16Format>(narrow)))
        << bits;
  }
}

// Every narrow number, the points between neighbours, and what lies just beside both.
TEST(NarrowFloatTest, RoundsAsTheReferenceDoes) {
  const auto check = [](double value) {
    ASSERT_EQ(NarrowFromDouble<Float16Format>(value), Rounded<Float16Format>(value)) << value;
    ASSERT_EQ(NarrowFromDouble<BFloat16Format>(value), Rounded<BFloat16Format>(value)) << value;
    ASSERT_EQ(NarrowFromDouble<Float16Format>(-value), Rounded<Float16Format>(-value)) << -value;
    ASSERT_EQ(NarrowFromDouble<BFloat16Format>(-value), Rounded<BFloat16Format>(-value)) << -value;
  };
  const auto check_around = [&check](double a, double b) {
    for (const double point : {a, (a + b) / 2}) {
      check(point);
      check(std::nextafter(point, HUGE_VAL));
      check(std::nextafter(point, 0));
    }
  };
  for (std::uint16_t bits = 0; bits < 0x7c00; ++bits) {
    check_around(HalfToFloat(bits), HalfToFloat(static_cast<std::uint16_t>(bits + 1)));
  }
  for (std::uint16_t bits = 0; bits < 0x7f80; ++bits) {
    check_around(BFloat16ToFloat(bits), BFloat16ToFloat(static_cast<std::uint16_t>(bits + 1)));
  }
  for (const double value : {65519.999, 65520.0, 1e30, 3.3961775292304598e38, 3.4e38, 1e308, 5e-324,
                             1e-310, 2.9e-8, std::numeric_limits<double>::infinity()}) {
    check(value);
  }
  check(std::nan(""));
}

TEST(NarrowFloatTest, RoundsRandomDoublesAsTheReferenceDoes) {
  Random random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    const double value = std::bit_cast<double>(random.Next());
    if (std::isnan(value)) continue;
    ASSERT_EQ(NarrowFromDouble<Float16Format>(value), Rounded<Float16Format>(value)) << value;
    ASSERT_EQ(NarrowFromDouble<BFloat16Format>(value), Rounded<BFloat16Format>(value)) << value;
  }
}

}  // namespace
}  // namespace fedge
