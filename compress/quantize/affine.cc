#include "fedge/quantize/affine.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "fedge/common/check.h"
#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge::quantize {
namespace {

Range Symmetric(Range range) {
  const double magnitude = std::max(std::abs(range.min), std::abs(range.max));
  return {.min = -magnitude, .max = magnitude};
}

template <typename Integer>
void QuantizeAll(std::span<const float> values, const Affine& affine, std::span<Integer> out) {
  FEDGE_CHECK(values.size() == out.size());
  constexpr IntegerRange kIntegers = {.min = std::numeric_limits<Integer>::min(),
                                      .max = std::numeric_limits<Integer>::max()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i] = static_cast<Integer>(Quantize(values[i], affine, kIntegers));
  }
}

template <typename Integer>
void DequantizeAll(std::span<const Integer> values, const Affine& affine, std::span<float> out) {
  FEDGE_CHECK(values.size() == out.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = Dequantize(values[i], affine);
}

}  // namespace

Range WithZero(Range range) {
  return {.min = std::min(range.min, 0.0), .max = std::max(range.max, 0.0)};
}

Result<Affine> ComputeAffine(Range range, const AffineOptions& options) {
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    return InvalidArgument("the range [{}, {}] is not one of finite numbers", range.min, range.max);
  }
  const IntegerRange integers = options.integers;
  if (integers.min > 0 || integers.max < 0 || integers.min == integers.max) {
    return InvalidArgument("the integers [{}, {}] must include 0 and others", integers.min,
                           integers.max);
  }
  range = WithZero(range);
  range.max = std::max(range.max, range.min + options.min_width);
  const bool symmetric = options.scheme == Scheme::kSymmetric;
  if (symmetric) range = Symmetric(range);

  const double lowest = integers.min;
  const double highest = integers.max;
  const double scale = (range.max - range.min) / (highest - lowest);
  if (scale < std::numeric_limits<float>::min()) return Affine();
  const double zero = symmetric ? (lowest + highest) / 2 : lowest - range.min / scale;
  return Affine{.scale = static_cast<float>(scale),
                .zero_point = static_cast<std::int32_t>(std::nearbyint(zero))};
}

Range RepresentableRange(const Affine& affine, IntegerRange integers) {
  const double scale = affine.scale;
  return {.min = scale * (integers.min - affine.zero_point),
          .max = scale * (integers.max - affine.zero_point)};
}

std::int32_t Quantize(float value, const Affine& affine, IntegerRange integers) {
  const float quotient = value / affine.scale;
  if (std::isnan(quotient)) return affine.zero_point;
  const float rounded = std::nearbyint(quotient);
  const auto lowest = static_cast<float>(integers.min - affine.zero_point);
  const auto highest = static_cast<float>(integers.max - affine.zero_point);
  return static_cast<std::int32_t>(std::clamp(rounded, lowest, highest)) + affine.zero_point;
}

float Dequantize(std::int32_t value, const Affine& affine) {
  return affine.scale * static_cast<float>(value - affine.zero_point);
}

void Quantize(std::span<const float> values, const Affine& affine, std::span<std::uint8_t> out) {
  QuantizeAll(values, affine, out);
}
void Quantize(std::span<const float> values, const Affine& affine, std::span<std::int8_t> out) {
  QuantizeAll(values, affine, out);
}
void Dequantize(std::span<const std::uint8_t> values, const Affine& affine, std::span<float> out) {
  DequantizeAll(values, affine, out);
}
void Dequantize(std::span<const std::int8_t> values, const Affine& affine, std::span<float> out) {
  DequantizeAll(values, affine, out);
}

}  // namespace fedge::quantize
