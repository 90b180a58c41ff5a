#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fedge/quantize/affine.h"
#include "fedge/quantize/histogram.h"

namespace fedge::quantize {

// What quantising does to the values of a histogram, each taken to lie at the centre of its bin.
// Keeps the bins that are not empty, to be asked for many quantisers. Thread-compatible.
class QuantizationError {
 public:
  explicit QuantizationError(const Histogram& histogram);

  // The mean of (value - dequantised value)^2, clipping included; 0 of no values.
  double MeanSquared(const Affine& affine, IntegerRange integers) const;
  // The share of values outside the range, 0 to 1.
  double ClippedShare(Range range) const;
  // The mean of value^2.
  double mean_square() const { return mean_square_; }

 private:
  std::vector<double> centres_;
  std::vector<double> weights_;  // shares of all values
  double mean_square_ = 0;
};

// 10 log10(signal / noise) in decibels; infinite without noise.
double DecibelsOf(double signal, double noise);

// The signal-to-noise ratio in decibels of weights that are quantised with zero point 0 and clamped
// to +-max_magnitude.
double WeightSqnr(std::span<const float> weights, float scale, int max_magnitude);

}  // namespace fedge::quantize
