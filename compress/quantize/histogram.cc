#include "fedge/quantize/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/quantize/affine.h"

namespace fedge::quantize {

Result<Histogram> Histogram::Create(Range range, std::size_t num_bins) {
  return FromCounts(WithZero(range), std::vector<std::uint64_t>(num_bins));
}

Result<Histogram> Histogram::FromCounts(Range range, std::vector<std::uint64_t> counts) {
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    return InvalidArgument("the range [{}, {}] is not one of finite numbers", range.min, range.max);
  }
  if (range != WithZero(range)) {
    return InvalidArgument("the range [{}, {}] leaves out 0", range.min, range.max);
  }
  if (counts.empty()) return InvalidArgument("a histogram needs at least one bin");
  return Histogram(range, std::move(counts));
}

Histogram::Histogram(Range range, std::vector<std::uint64_t> counts)
    : range_(range),
      bin_width_((range.max - range.min) / static_cast<double>(counts.size())),
      bins_per_unit_(std::isfinite(1 / bin_width_) ? 1 / bin_width_ : 0),
      counts_(std::move(counts)) {}

void Histogram::Add(std::span<const float> values) {
  for (const float value : values) Add(static_cast<double>(value));
}

void Histogram::Add(double value) {
  if (!std::isfinite(value)) {
    ++num_not_finite_;
  } else if (value < range_.min || value > range_.max) {
    ++num_outside_;
  } else {
    const auto bin = static_cast<std::size_t>((value - range_.min) * bins_per_unit_);
    ++counts_[std::min(bin, counts_.size() - 1)];
  }
}

Status Histogram::Merge(const Histogram& other) {
  if (other.range_ != range_ || other.counts_.size() != counts_.size()) {
    return InvalidArgument(
        "a histogram of {} bins over [{}, {}] cannot be added to one of {} over [{}, {}]",
        other.counts_.size(), other.range_.min, other.range_.max, counts_.size(), range_.min,
        range_.max);
  }
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  num_outside_ += other.num_outside_;
  num_not_finite_ += other.num_not_finite_;
  return OkStatus();
}

double Histogram::Edge(std::size_t i) const {
  return i == counts_.size() ? range_.max : range_.min + bin_width_ * static_cast<double>(i);
}

double Histogram::Centre(std::size_t i) const {
  return range_.min + bin_width_ * (static_cast<double>(i) + 0.5);
}

std::uint64_t Histogram::num_values() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::vector<std::uint64_t> MagnitudeCounts(const Histogram& histogram) {
  const double width = histogram.bin_width();
  const Range range = histogram.range();
  const double largest = std::max(std::abs(range.min), std::abs(range.max));
  // The least number of bins that reaches the largest magnitude; the quotient may be a hair over.
  const double num_bins = width > 0 ? std::ceil(largest / width - 1e-6) : 1;
  std::vector<std::uint64_t> magnitudes(static_cast<std::size_t>(std::max(num_bins, 1.0)));
  const std::span<const std::uint64_t> counts = histogram.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double bin = width > 0 ? std::abs(histogram.Centre(i)) / width : 0;
    magnitudes[std::min(static_cast<std::size_t>(bin), magnitudes.size() - 1)] += counts[i];
  }
  return magnitudes;
}

}  // namespace fedge::quantize
