#pragma once

#include <bit>
#include <cstdint>

// Conversions of 16-bit floating-point formats without branches, so that loops over them vectorise.
// The same values as those of fedge/tensor/dtype.h, which says what they mean.
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
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

template <>
inline float WidenToFloat<Float16Format>(std::uint16_t bits) {
  // Exponent and mantissa at their places in a float; the exponent still has the narrow bias.
  const std::uint32_t shifted = std::uint32_t{bits & 0x7fffU} << 13;
  const std::uint32_t exponent = shifted & 0x0f800000U;
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16;
  const std::uint32_t normal = shifted + (112U << 23);
  const std::uint32_t special = shifted + (224U << 23);  // infinity, NaN
  // 0.mantissa * 2^-14 as (1.mantissa - 1) * 2^-14, which is exact.
  const float one = std::bit_cast<float>(113U << 23);
  const auto subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(shifted + (113U << 23)) - one);
  const std::uint32_t finite = exponent == 0 ? subnormal : normal;
  return std::bit_cast<float>(sign | (exponent == 0x0f800000U ? special : finite));
}

// Rounds once, to nearest even; beyond the largest finite number to infinity.
template <typename Format>
std::uint16_t NarrowFromDouble(double value) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  constexpr std::uint64_t kInfinity = std::uint64_t{2047} << 52;
  constexpr std::uint64_t kMinBiased = 1023 + Format::kMinExponent;
  constexpr std::uint64_t kMaxBiased = 1023 + Format::kMaxExponent;
  constexpr std::uint32_t kNarrowInfinity =
      std::uint32_t{Format::kMaxExponent - Format::kMinExponent + 2} << Format::kMantissaBits;
  constexpr std::uint32_t kNarrowNan = kNarrowInfinity | (1U << (Format::kMantissaBits - 1));

  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t magnitude = bits & ~kSign;
  std::uint64_t exponent = magnitude >> 52;
  exponent = exponent < kMinBiased ? kMinBiased : exponent;
  exponent = exponent > kMaxBiased + 1 ? kMaxBiased + 1 : exponent;
  // Added to a power of two whose last mantissa bit is the narrow format's last, the value rounds
  // to it, and the sum's low bits are the significand with its leading one.
  const double magic = std::bit_cast<double>((exponent + 52 - Format::kMantissaBits) << 52);
  const double sum = std::bit_cast<double>(magnitude > kInfinity ? 0 : magnitude) + magic;
  const auto significand =
      static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(sum) & ((1ULL << 32) - 1));
  const auto scaled = static_cast<std::uint32_t>(exponent - kMinBiased) << Format::kMantissaBits;
  std::uint32_t narrow = scaled + significand;
  narrow = narrow > kNarrowInfinity || exponent > kMaxBiased ? kNarrowInfinity : narrow;
  narrow = magnitude > kInfinity ? kNarrowNan : narrow;
  return static_cast<std::uint16_t>((bits & kSign ? 0x8000U : 0U) | narrow);
}

}  // namespace fedge
