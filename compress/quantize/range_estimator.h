#pragma once

#include "fedge/common/result.h"
#include "fedge/quantize/affine.h"
#include "fedge/quantize/histogram.h"

namespace fedge::quantize {

// A range for a tensor and what it is expected to do to the values of the histogram that it was
// chosen for, each taken to lie at its bin's centre.
struct RangeChoice {
  Range range;  // includes 0; of a symmetric scheme, before it is made symmetric
  Affine affine;
  double clipped_share = 0;       // of the values, 0 to 1
  double mean_squared_error = 0;  // in the square of the values' unit
  double sqnr_db = 0;             // signal to quantisation noise, decibels
};

// Any range, judged by the histogram. All functions below fail so:
// kFailedPrecondition  the histogram has no value
// kInvalidArgument     ComputeAffine refuses the range or the options
Result<RangeChoice> JudgeRange(const Histogram& histogram, Range range,
                               const AffineOptions& options = {});

// All of the histogram's range.
Result<RangeChoice> MinMaxRange(const Histogram& histogram, const AffineOptions& options = {});

// The range that keeps a share of the values, up to whole bins: the rest is cut at the top where
// the histogram begins at 0, at the bottom where it ends there, half at each end otherwise; of
// magnitudes in a symmetric scheme.
// kInvalidArgument  the share is not in (0, 1]
Result<RangeChoice> PercentileRange(const Histogram& histogram, double kept_share,
                                    const AffineOptions& options = {});

// The range of magnitudes with the least Kullback-Leibler divergence (KlThreshold): into as many
// levels as there are integers where the values have one sign and the scheme is asymmetric, half of
// them otherwise. It clips more than the squared error would: for comparisons.
// kInvalidArgument  the histogram has too few bins
Result<RangeChoice> KlRange(const Histogram& histogram, const AffineOptions& options = {});

// The range with the least mean squared error, clipping and rounding of the very quantiser
// together; the default estimator. Both ends lie on edges of bins, or at 0. Where one end is fixed
// (the values have one sign, or the scheme is symmetric) every edge is tried; otherwise pairs of
// edges are, from a coarse grid to single bins.
Result<RangeChoice> LowestErrorRange(const Histogram& histogram, const AffineOptions& options = {});

}  // namespace fedge::quantize
