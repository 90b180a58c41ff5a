#include "fedge/quantize/range_estimator.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/quantize/affine.h"
#include "fedge/quantize/histogram.h"
#include "fedge/quantize/kl_threshold.h"
#include "fedge/quantize/quantization_error.h"

namespace fedge::quantize {
namespace {

// How many bins from the first on hold `share` of all values.
std::size_t NumBinsWith(std::span<const std::uint64_t> counts, double share) {
  const auto total =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    if (static_cast<double>(sum) >= share * total) return i + 1;
  }
  return counts.size();
}

// Magnitudes up to the upper edge of the first `num_bins` bins of MagnitudeCounts.
Range MagnitudesUpTo(const Histogram& histogram, std::size_t num_bins) {
  const double threshold = histogram.bin_width() * static_cast<double>(num_bins);
  return {.min = std::max(histogram.range().min, -threshold),
          .max = std::min(histogram.range().max, threshold)};
}

bool OneSided(const Histogram& histogram) {
  return histogram.range().min >= 0 || histogram.range().max <= 0;
}

// The best of the ranges that it is shown.
class Search {
 public:
  Search(const Histogram& histogram, const AffineOptions& options)
      : error_(histogram), options_(options) {}

  // Whether the range is better than all before.
  bool Try(Range range) {
    const Result<Affine> affine = ComputeAffine(range, options_);
    if (!affine.ok()) return false;
    const double error = error_.MeanSquared(*affine, options_.integers);
    if (error >= least_) return false;
    least_ = error;
    best_ = range;
    return true;
  }
  Range best() const { return best_; }

 private:
  QuantizationError error_;
  AffineOptions options_;
  Range best_;
  double least_ = std::numeric_limits<double>::infinity();
};

// Every edge for the end that is not fixed.
void SearchMagnitudes(const Histogram& histogram, Search& search) {
  const std::size_t num_bins = MagnitudeCounts(histogram).size();
  for (std::size_t size = num_bins; size > 0; --size) {
    search.Try(MagnitudesUpTo(histogram, size));
  }
}

// Pairs of a lower and an upper edge.
class PairSearch {
 public:
  PairSearch(const Histogram& histogram, Search& search)
      : histogram_(histogram), search_(search), num_bins_(histogram.counts().size()) {}

  void Run() {
    constexpr std::size_t kCoarseSteps = 32;
    std::size_t step = std::bit_ceil((num_bins_ + kCoarseSteps - 1) / kCoarseSteps);
    for (std::size_t low = 0; low < num_bins_; low += step) {
      for (std::size_t cut = 0; cut < num_bins_; cut += step) Try(low, cut);
    }
    while (step > 1) {
      step /= 2;
      Refine(step);
    }
    constexpr int kMaxMoves = 64;
    for (int i = 0; i < kMaxMoves && Refine(1); ++i) {
    }
  }

 private:
  // The range without `low` bins at the bottom and `cut` at the top.
  bool Try(std::size_t low, std::size_t cut) {
    if (low >= num_bins_ || cut >= num_bins_ || low + cut >= num_bins_) return false;
    const Range range = {.min = std::min(histogram_.Edge(low), 0.0),
                         .max = std::max(histogram_.Edge(num_bins_ - cut), 0.0)};
    if (!search_.Try(range)) return false;
    low_ = low;
    cut_ = cut;
    return true;
  }

  // Whether a neighbour within two steps is better than the best so far.
  bool Refine(std::size_t step) {
    const std::size_t low = low_;
    const std::size_t cut = cut_;
    bool better = false;
    for (std::size_t i = 0; i <= 4; ++i) {
      for (std::size_t j = 0; j <= 4; ++j) {
        if (low + i * step < 2 * step || cut + j * step < 2 * step) continue;
        better |= Try(low + i * step - 2 * step, cut + j * step - 2 * step);
      }
    }
    return better;
  }

  const Histogram& histogram_;
  Search& search_;
  std::size_t num_bins_;
  std::size_t low_ = 0;
  std::size_t cut_ = 0;
};

}  // namespace

Result<RangeChoice> JudgeRange(const Histogram& histogram, Range range,
                               const AffineOptions& options) {
  if (histogram.num_values() == 0) {
    return FailedPrecondition("a histogram without values says nothing about ranges");
  }
  RangeChoice choice;
  FEDGE_ASSIGN_OR_RETURN(choice.affine, ComputeAffine(range, options));
  const QuantizationError error(histogram);
  choice.range = WithZero(range);
  choice.clipped_share = error.ClippedShare(choice.range);
  choice.mean_squared_error = error.MeanSquared(choice.affine, options.integers);
  choice.sqnr_db = DecibelsOf(error.mean_square(), choice.mean_squared_error);
  return choice;
}

Result<RangeChoice> MinMaxRange(const Histogram& histogram, const AffineOptions& options) {
  return JudgeRange(histogram, histogram.range(), options);
}

Result<RangeChoice> PercentileRange(const Histogram& histogram, double kept_share,
                                    const AffineOptions& options) {
  if (!(kept_share > 0 && kept_share <= 1)) {
    return InvalidArgument("the share of values to keep is {}; it must be above 0 and at most 1",
                           kept_share);
  }
  if (OneSided(histogram) || options.scheme == Scheme::kSymmetric) {
    const std::size_t size = NumBinsWith(MagnitudeCounts(histogram), kept_share);
    return JudgeRange(histogram, MagnitudesUpTo(histogram, size), options);
  }
  const double share = 1 - (1 - kept_share) / 2;
  std::vector<std::uint64_t> counts(histogram.counts().begin(), histogram.counts().end());
  const double max = histogram.Edge(NumBinsWith(counts, share));
  std::reverse(counts.begin(), counts.end());
  const double min = histogram.Edge(counts.size() - NumBinsWith(counts, share));
  return JudgeRange(histogram, WithZero({.min = min, .max = std::max(min, max)}), options);
}

Result<RangeChoice> KlRange(const Histogram& histogram, const AffineOptions& options) {
  const bool whole = OneSided(histogram) && options.scheme == Scheme::kAsymmetric;
  const std::int64_t num_integers = std::int64_t{options.integers.max} - options.integers.min + 1;
  // Of a narrow range, [-127, 127], 128 with zero.
  const std::int64_t num_levels = whole ? num_integers : (num_integers + 1) / 2;
  FEDGE_ASSIGN_OR_RETURN(
      const std::size_t size,
      KlThreshold(MagnitudeCounts(histogram),
                  static_cast<std::size_t>(std::max<std::int64_t>(num_levels, 0))));
  return JudgeRange(histogram, MagnitudesUpTo(histogram, size), options);
}

Result<RangeChoice> LowestErrorRange(const Histogram& histogram, const AffineOptions& options) {
  Search search(histogram, options);
  if (OneSided(histogram) || options.scheme == Scheme::kSymmetric) {
    SearchMagnitudes(histogram, search);
  } else {
    PairSearch(histogram, search).Run();
  }
  return JudgeRange(histogram, search.best(), options);
}

}  // namespace fedge::quantize
