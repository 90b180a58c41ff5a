#pragma once

#include <cstdint>
#include <span>

#include "fedge/common/result.h"

namespace fedge::quantize {

// The integers that a quantised tensor may hold; 0 is one of them.
struct IntegerRange {
  std::int32_t min = 0;
  std::int32_t max = 0;

  friend bool operator==(const IntegerRange&, const IntegerRange&) = default;
};
inline constexpr IntegerRange kUInt8 = {.min = 0, .max = 255};
inline constexpr IntegerRange kInt8 = {.min = -128, .max = 127};
inline constexpr IntegerRange kInt8Narrow = {.min = -127, .max = 127};
// Seven bits in eight: for instructions that saturate.
inline constexpr IntegerRange kUInt7 = {.min = 0, .max = 127};
inline constexpr IntegerRange kInt7 = {.min = -64, .max = 63};

// Real numbers from `min` to `max`, both included.
struct Range {
  double min = 0;
  double max = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

// The range and 0, which must have an integer of its own: padding and ReLU make exact zeros.
Range WithZero(Range range);

// real = scale * (integer - zero_point).
struct Affine {
  float scale = 1;
  std::int32_t zero_point = 0;

  friend bool operator==(const Affine&, const Affine&) = default;
};

enum class Scheme : std::uint8_t {
  kAsymmetric,  // the range as it is
  kSymmetric,   // [-m, m] with m the largest magnitude
};

struct AffineOptions {
  IntegerRange integers = kUInt8;
  Scheme scheme = Scheme::kAsymmetric;
  double min_width = 0;  // narrower ranges grow upwards to this, before they are made symmetric
};

// Scale and zero point that spread `range` and 0 over all the integers (Jacob et al. 2018, section
// 2.1): scale = width / (max - min of the integers), the zero point rounded half to even. A scale
// below the smallest normal float32 (of zero and denormal ranges) is 1 with zero point 0: the
// values are 0 then. These are the rules of ONNX Runtime; PyTorch's differ only for ties of the
// zero point and tiny ranges.
//
// kInvalidArgument  the range is not finite, its minimum exceeds its maximum, or the integers leave
//                   out 0 or are 0 alone
Result<Affine> ComputeAffine(Range range, const AffineOptions& options = {});

// What the integers stand for, from the smallest to the largest.
Range RepresentableRange(const Affine& affine, IntegerRange integers);

// clamp(round_half_to_even(value / scale) + zero_point), the quotient rounded to float32. NaN gives
// the zero point. Preconditions: scale > 0, the zero point is one of the integers.
std::int32_t Quantize(float value, const Affine& affine, IntegerRange integers);
float Dequantize(std::int32_t value, const Affine& affine);

// Element by element. Precondition of the four: both spans have the same length.
void Quantize(std::span<const float> values, const Affine& affine, std::span<std::uint8_t> out);
void Quantize(std::span<const float> values, const Affine& affine, std::span<std::int8_t> out);
void Dequantize(std::span<const std::uint8_t> values, const Affine& affine, std::span<float> out);
void Dequantize(std::span<const std::int8_t> values, const Affine& affine, std::span<float> out);

}  // namespace fedge::quantize
