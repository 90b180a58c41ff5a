#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace fedge {

// IEEE 754 binary16 and bfloat16 to float and back, rounding to nearest even; subnormals,
// infinities and NaN kept. Without branches, so that loops over them become vector code on every
// CPU (after M. Dukhan's FP16 library).

inline float HalfToFloat(std::uint16_t half) {
  // Exponent and mantissa at their places in a float; the exponent still has the narrow bias.
  const std::uint32_t shifted = std::uint32_t{half & 0x7fffU} << 13;
  const std::uint32_t exponent = shifted & 0x0f800000U;
  const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16;
  const std::uint32_t normal = shifted + (112U << 23);
  const std::uint32_t special = shifted + (224U << 23);  // infinity, NaN with its payload
  // 0.mantissa * 2^-14 as (1.mantissa - 1) * 2^-14, which is exact.
  const float one = std::bit_cast<float>(113U << 23);
  const auto subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(shifted + (113U << 23)) - one);
  // By masks: a compiler that must respect floating-point traps makes branches of conditions here.
  const std::uint32_t is_subnormal = 0U - std::uint32_t{exponent == 0};
  const std::uint32_t is_special = 0U - std::uint32_t{exponent == 0x0f800000U};
  return std::bit_cast<float>(sign | (subnormal & is_subnormal) | (special & is_special) |
                              (normal & ~is_subnormal & ~is_special));
}

inline std::uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  // Too large becomes infinity here; adding a power of two that fits the exponent rounds.
  const float scaled = (std::fabs(value) * 0x1p112F) * 0x1p-110F;
  const std::uint32_t exponent = magnitude & 0x7f800000U;
  const std::uint32_t bias = exponent < 0x38800000U ? 0x38800000U : exponent;
  const auto rounded =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(bias + 0x07800000U) + scaled);
  const std::uint32_t narrow = ((rounded >> 13) & 0x7c00U) + (rounded & 0x0fffU);
  return static_cast<std::uint16_t>(((bits >> 16) & 0x8000U) |
                                    (magnitude > 0x7f800000U ? 0x7e00U : narrow));
}

inline float BFloat16ToFloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

inline std::uint16_t FloatToBFloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  return static_cast<std::uint16_t>(nan ? ((bits >> 16) & 0x8000U) | 0x7fc0U : rounded);
}

}  // namespace fedge
