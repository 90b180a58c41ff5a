#pragma once

#include <bit>
#include <cstdint>

#include "fedge/tensor/half.h"

// Conversions of 16-bit floating-point formats without branches, so that loops over them vectorise;
// for where the format is chosen once for many elements.
namespace fedge {

struct Float16Format {
  static constexpr int kMantissaBits = 10;
  static constexpr int kMinExponent = -14;  // of normal numbers
  static constexpr int kMaxExponent = 15;
};

struct BFloat16Format {
  static constexpr int kMantissaBits = 7;
  static constexpr int kMinExponent = -126;
  static constexpr int kMaxExponent = 127;
};

template <typename Format>
float WidenToFloat(std::uint16_t bits);

template <>
inline float WidenToFloat<BFloat16Format>(std::uint16_t bits) {
  return BFloat16ToFloat(bits);
}

template <>
inline float WidenToFloat<Float16Format>(std::uint16_t bits) {
  return HalfToFloat(bits);
}

// Rounds once, to nearest even; beyond the largest finite number to infinity.
template <typename Format>
std::uint16_t NarrowFromDouble(double value) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  constexpr std::uint64_t kMinBiased = 1023 + Format::kMinExponent;
  constexpr std::uint64_t kMaxBiased = 1023 + Format::kMaxExponent;
  constexpr std::uint64_t kNarrowInfinity = (kMaxBiased - kMinBiased + 2) << Format::kMantissaBits;
  constexpr std::uint64_t kNarrowNan = kNarrowInfinity | (1U << (Format::kMantissaBits - 1));
  const double smallest_normal = std::bit_cast<double>(kMinBiased << 52);
  const double overflow = std::bit_cast<double>((kMaxBiased + 1) << 52);

  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
  const double absolute = std::bit_cast<double>(bits & ~kSign);
  const double magnitude = absolute < overflow ? absolute : overflow;
  const double scale = magnitude > smallest_normal ? magnitude : smallest_normal;
  const std::uint64_t exponent = std::bit_cast<std::uint64_t>(scale) >> 52;
  // Added to a power of two whose last mantissa bit is the narrow format's last, the value rounds
  // to it, and the sum's low bits are the significand with its leading one; `overflow` itself gives
  // the bits of infinity.
  const double magic = std::bit_cast<double>((exponent + 52 - Format::kMantissaBits) << 52);
  const std::uint64_t significand = std::bit_cast<std::uint64_t>(magnitude + magic) & 0xffff;
  const std::uint64_t narrow = ((exponent - kMinBiased) << Format::kMantissaBits) + significand;
  const std::uint64_t is_nan = std::uint64_t{0} - std::uint64_t{value != value};
  return static_cast<std::uint16_t>((bits >> 48 & 0x8000) | (narrow & ~is_nan) |
                                    (kNarrowNan & is_nan));
}

}  // namespace fedge
