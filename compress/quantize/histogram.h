#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/quantize/affine.h"

namespace fedge::quantize {

// Fine enough for every estimator: at least four bins to a step of 8 bits.
inline constexpr std::size_t kDefaultNumBins = 2048;

// How often values fall into each of equal bins over a fixed range. Two passes over the data: first
// the exact minimum and maximum (ChannelStatistics), then this. As the range never changes and the
// counts are integers, neither the order nor the batching of the samples changes anything.
// Thread-compatible.
class Histogram {
 public:
  // Over `range` and 0, which a quantiser's range always includes.
  // kInvalidArgument  the range is not one of finite numbers, or there is no bin
  static Result<Histogram> Create(Range range, std::size_t num_bins = kDefaultNumBins);
  // Of counts from elsewhere; kInvalidArgument also where the range leaves out 0.
  static Result<Histogram> FromCounts(Range range, std::vector<std::uint64_t> counts);

  // Values outside the range, NaN and infinities go into no bin; they are counted apart.
  void Add(std::span<const float> values);
  // kInvalidArgument  the other has another range or another number of bins
  Status Merge(const Histogram& other);

  Range range() const { return range_; }
  std::span<const std::uint64_t> counts() const { return counts_; }
  double bin_width() const { return bin_width_; }
  // The lower edge of bin i; of i = the number of bins, the upper edge of the last.
  double Edge(std::size_t i) const;
  double Centre(std::size_t i) const;
  std::uint64_t num_values() const;  // in bins
  std::uint64_t num_outside() const { return num_outside_; }
  std::uint64_t num_not_finite() const { return num_not_finite_; }

 private:
  Histogram(Range range, std::vector<std::uint64_t> counts);

  void Add(double value);

  Range range_;
  double bin_width_;
  double bins_per_unit_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t num_outside_ = 0;
  std::uint64_t num_not_finite_ = 0;
};

// How often magnitudes fall into bins of the same width from 0 to the largest: each bin goes to
// where the magnitude of its centre lies. For a histogram from 0 upwards, its own counts.
std::vector<std::uint64_t> MagnitudeCounts(const Histogram& histogram);

}  // namespace fedge::quantize
