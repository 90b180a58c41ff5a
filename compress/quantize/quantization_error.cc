#include "fedge/quantize/quantization_error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "fedge/quantize/affine.h"
#include "fedge/quantize/histogram.h"

namespace fedge::quantize {
namespace {

// Half to even, as nearbyint, but without a call: below 2^51 the sum has no bits for fractions.
double RoundToEven(double value) {
  constexpr double kNoFractions = 0x1.8p52;
  return (value + kNoFractions) - kNoFractions;
}

}  // namespace

QuantizationError::QuantizationError(const Histogram& histogram) {
  const auto total = static_cast<double>(histogram.num_values());
  const std::span<const std::uint64_t> counts = histogram.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const double centre = histogram.Centre(i);
    const double share = static_cast<double>(counts[i]) / total;
    centres_.push_back(centre);
    weights_.push_back(share);
    mean_square_ += share * centre * centre;
  }
}

double QuantizationError::MeanSquared(const Affine& affine, IntegerRange integers) const {
  const double scale = affine.scale;
  const double lowest = integers.min - affine.zero_point;
  const double highest = integers.max - affine.zero_point;
  double sum = 0;
  for (std::size_t i = 0; i < centres_.size(); ++i) {
    const double steps = std::clamp(centres_[i] / scale, lowest, highest);
    const double error = centres_[i] - RoundToEven(steps) * scale;
    sum += weights_[i] * error * error;
  }
  return sum;
}

double QuantizationError::ClippedShare(Range range) const {
  double share = 0;
  for (std::size_t i = 0; i < centres_.size(); ++i) {
    if (centres_[i] < range.min || centres_[i] > range.max) share += weights_[i];
  }
  return share;
}

double DecibelsOf(double signal, double noise) {
  if (noise <= 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

double WeightSqnr(std::span<const float> weights, float scale, int max_magnitude) {
  const Affine affine = {.scale = scale, .zero_point = 0};
  const IntegerRange integers = {.min = -max_magnitude, .max = max_magnitude};
  double signal = 0;
  double noise = 0;
  for (const float weight : weights) {
    const double exact = weight;
    const double error = exact - static_cast<double>(scale) * Quantize(weight, affine, integers);
    signal += exact * exact;
    noise += error * error;
  }
  return DecibelsOf(signal, noise);
}

}  // namespace fedge::quantize
