#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace fedge {

// IEEE 754 binary16 and bfloat16 to float and back, rounding to nearest even; subnormals,
// infinities and NaN kept. Without branches, so that loops over them become vector code on every
// CPU (after M. Dukhan's FP16 library).

inline float HalfToFloat(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t magnitude = half & 0x7fffU;
  // The exponent moves from bias 15 to 127, which takes infinity and NaN along.
  const float normal = std::bit_cast<float>((magnitude << 13) + (224U << 23)) * 0x1p-112F;
  const float subnormal = std::bit_cast<float>(magnitude | (126U << 23)) - 0.5F;
  return std::bit_cast<float>(sign |
                              std::bit_cast<std::uint32_t>(magnitude < 0x400 ? subnormal : normal));
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
