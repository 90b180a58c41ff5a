// Ranges chosen from histograms, against published thresholds and other programs' choices.
#include "fedge/quantize/range_estimator.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "fedge/quantize/affine.h"
#include "fedge/quantize/histogram.h"
#include "fedge/quantize/kl_threshold.h"
#include "fedge/quantize/quantization_error.h"

namespace fedge::quantize {
namespace {

constexpr AffineOptions kSymmetric = {.integers = kInt8Narrow, .scheme = Scheme::kSymmetric};

// 2048 bins of width 1, falling exponentially, with an outlier.
Histogram Reference() {
  std::vector<std::uint64_t> counts;
  for (int i = 0; i < 2048; ++i) {
    counts.push_back(static_cast<std::uint64_t>(std::floor(1e6 * std::exp(-i / 128.0))));
  }
  counts.back() += 20;
  return *Histogram::FromCounts({0, 2048}, std::move(counts));
}

Histogram HistogramOf(const std::vector<float>& values, std::size_t num_bins = kDefaultNumBins) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  Histogram histogram = *Histogram::Create({*min, *max}, num_bins);
  histogram.Add(values);
  return histogram;
}

// The inverse of the normal distribution function, by bisection.
float NormalQuantile(double share) {
  double low = -10;
  double high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return static_cast<float>(low);
}

std::vector<float> NormalQuantiles() {
  std::vector<float> values;
  for (int i = 1; i <= 20000; ++i) values.push_back(NormalQuantile(i / 20001.0));
  return values;
}

double ErrorUpTo(double threshold) {
  return JudgeRange(Reference(), {0, threshold}, kSymmetric)->mean_squared_error;
}

TEST(ReferenceHistogramTest, IsTheReference) {
  const Histogram histogram = Reference();
  EXPECT_EQ(histogram.num_values(), 128'499'679);
  EXPECT_EQ(histogram.counts()[127], 370'764);
  EXPECT_EQ(histogram.counts()[1023], 338);
  EXPECT_EQ(histogram.counts()[2047], 20);
}

TEST(LowestErrorTest, HoldsTheReferenceOnItsGrid) {
  double best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int t = 64; t <= 2048; t += 4) {
    if (ErrorUpTo(t) >= least) continue;
    least = ErrorUpTo(t);
    best = t;
  }
  EXPECT_EQ(best, 1268);
  EXPECT_NEAR(least, 9.4445, 5e-5);
  EXPECT_NEAR(MinMaxRange(Reference(), kSymmetric)->mean_squared_error, 21.657, 5e-4);
}

// Every edge is tried; the expected numbers are those of a few lines of NumPy.
TEST(LowestErrorTest, FindsTheOptimumOfOneSidedValues) {
  const RangeChoice symmetric = *LowestErrorRange(Reference(), kSymmetric);
  EXPECT_EQ(symmetric.range, (Range{0, 1270}));
  EXPECT_NEAR(symmetric.mean_squared_error, 9.401728, 1e-5);
  const RangeChoice all_levels = *LowestErrorRange(Reference());
  EXPECT_EQ(all_levels.range, (Range{0, 1402}));
  EXPECT_NEAR(all_levels.mean_squared_error, 2.826601, 1e-5);
  EXPECT_EQ(all_levels.affine.zero_point, 0);
  EXPECT_GT(all_levels.sqnr_db, MinMaxRange(Reference())->sqnr_db);
}

TEST(LowestErrorTest, NegativeValuesAreAsGoodAsPositiveOnes) {
  const Histogram reference = Reference();
  std::vector<std::uint64_t> counts(reference.counts().begin(), reference.counts().end());
  std::reverse(counts.begin(), counts.end());
  const Histogram mirrored = *Histogram::FromCounts({-2048, 0}, std::move(counts));
  const RangeChoice choice = *LowestErrorRange(mirrored);
  EXPECT_EQ(choice.range, (Range{-1402, 0}));
  EXPECT_EQ(choice.affine.zero_point, 255);
}

// Roughly normal, with a few values far out.
std::vector<float> LongTailed(std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) {
    double sum = -6;
    for (int j = 0; j < 12; ++j) sum += random.Uniform();
    values.push_back(static_cast<float>(i % 1000 == 0 ? 4 * sum : sum + 0.3));
  }
  return values;
}

TEST(LowestErrorTest, NoPairOfEdgesIsMuchBetter) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const Histogram histogram = HistogramOf(LongTailed(seed), 128);
    const AffineOptions options = {.integers = {.min = 0, .max = 15}};
    const RangeChoice found = *LowestErrorRange(histogram, options);
    double least = std::numeric_limits<double>::infinity();
    const QuantizationError error(histogram);
    for (std::size_t low = 0; low < 128; ++low) {
      for (std::size_t high = low + 1; high <= 128; ++high) {
        const Affine affine = *ComputeAffine({histogram.Edge(low), histogram.Edge(high)}, options);
        least = std::min(least, error.MeanSquared(affine, options.integers));
      }
    }
    EXPECT_LE(found.mean_squared_error, 1.01 * least);
    EXPECT_LT(found.mean_squared_error, MinMaxRange(histogram, options)->mean_squared_error);
    EXPECT_GT(found.clipped_share, 0);
  }
}

TEST(PercentileTest, HoldsTheReference) {
  // The bins 883, 1175 and 1450 hold the percentiles: their upper edges are the thresholds.
  EXPECT_EQ(PercentileRange(Reference(), 0.999, kSymmetric)->range.max, 884);
  const RangeChoice four_nines = *PercentileRange(Reference(), 0.9999, kSymmetric);
  EXPECT_EQ(four_nines.range.max, 1176);
  EXPECT_NEAR(four_nines.mean_squared_error, 9.838, 5e-4);
  EXPECT_LT(four_nines.clipped_share, 0.0001);
  const RangeChoice five_nines = *PercentileRange(Reference(), 0.99999, kSymmetric);
  EXPECT_EQ(five_nines.range.max, 1451);
  EXPECT_NEAR(five_nines.mean_squared_error, 11.073, 5e-4);
  EXPECT_EQ(PercentileRange(Reference(), 1)->range, (Range{0, 2048}));
}

TEST(PercentileTest, CutsBothEndsOfTwoSidedValues) {
  const Histogram histogram = *Histogram::FromCounts({-2, 3}, {1, 9, 80, 8, 2});
  EXPECT_EQ(PercentileRange(histogram, 0.97)->range, (Range{-1, 3}));
  EXPECT_EQ(PercentileRange(histogram, 0.84)->range, (Range{-1, 2}));
  EXPECT_EQ(PercentileRange(histogram, 0).status().code(), StatusCode::kInvalidArgument);
}

// The expected thresholds are those of a few lines of NumPy.
TEST(KlTest, FindsTheThresholdOfTheReference) {
  EXPECT_EQ(*KlThreshold(Reference().counts(), 128), 1407);
  EXPECT_EQ(*KlThreshold(Reference().counts(), 256), 1563);
  EXPECT_EQ(KlRange(Reference())->range, (Range{0, 1563}));
  EXPECT_EQ(KlRange(Reference(), kSymmetric)->range, (Range{0, 1407}));
}

// 128 bins and 128 levels have one candidate, the full range: refused, not answered.
TEST(KlTest, RefusesHistogramsThatAreTooCoarse) {
  const std::vector<std::uint64_t> counts(128, 1);
  EXPECT_EQ(KlThreshold(counts, 128).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(KlThreshold(counts, 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(KlRange(*Histogram::FromCounts({0, 1}, counts)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(KlThreshold(counts, 32).ok());
}

// 20000 normal quantiles and one value far out: it is clipped although that costs several times the
// error.
TEST(KlTest, ClipsMoreThanTheSquaredErrorWould) {
  std::vector<float> values = NormalQuantiles();
  values.push_back(12);
  const Histogram histogram = HistogramOf(values);
  const RangeChoice kl = *KlRange(histogram);
  EXPECT_NEAR(kl.range.max, 3.918, 0.01);
  EXPECT_GT(kl.clipped_share, 0);
  EXPECT_GT(kl.mean_squared_error, 5 * LowestErrorRange(histogram)->mean_squared_error);
}

TEST(RangeEstimatorTest, NeedsValues) {
  const Histogram empty = *Histogram::Create({-1, 1});
  const auto code = StatusCode::kFailedPrecondition;
  EXPECT_EQ(MinMaxRange(empty).status().code(), code);
  EXPECT_EQ(PercentileRange(empty, 0.5).status().code(), code);
  EXPECT_EQ(KlRange(empty).status().code(), code);
  EXPECT_EQ(LowestErrorRange(empty).status().code(), code);
}

TEST(RangeEstimatorTest, ZerosAreExact) {
  Histogram zeros = *Histogram::Create({0, 0});
  zeros.Add(std::vector<float>(10));
  const RangeChoice choice = *LowestErrorRange(zeros);
  EXPECT_EQ(choice.affine, Affine());
  EXPECT_EQ(choice.sqnr_db, std::numeric_limits<double>::infinity());
}

// PyTorch's HistogramObserver: a walk inwards by shares of 1e-5, to whichever end skips more bins,
// while the error of 256 equal steps with values spread over their bins does not rise.
class PyTorchWalk {
 public:
  explicit PyTorchWalk(const Histogram& histogram)
      : histogram_(histogram), counts_(histogram.counts()), sums_(counts_.size()) {
    std::partial_sum(counts_.begin(), counts_.end(), sums_.begin());
  }

  Range Run() {
    std::size_t first = 0;
    std::size_t last = counts_.size() - 1;
    double low = 0;
    double high = 1;
    double least = std::numeric_limits<double>::infinity();
    while (low < high) {
      std::size_t l = first;
      std::size_t r = last;
      while (l < last && Share(l) < low + 1e-5) ++l;
      while (r > first && Share(r) > high - 1e-5) --r;
      const bool raise = l - first > last - r;
      (raise ? low : high) += raise ? 1e-5 : -1e-5;
      if (raise ? l == first : r == last) continue;
      const double error = Error(raise ? l : first, raise ? last : r);
      if (error > least) break;
      least = error;
      (raise ? first : last) = raise ? l : r;
    }
    return {histogram_.Edge(first), histogram_.Edge(last + 1)};
  }

 private:
  double Share(std::size_t bin) const {
    return static_cast<double>(sums_[bin]) / static_cast<double>(sums_.back());
  }

  // The integral of the squared distance to the centre of the step that begins `from` before it.
  static double Cubes(double from, double to) { return (to * to * to - from * from * from) / 3; }

  double Error(std::size_t first, std::size_t last) const {
    const double width = histogram_.bin_width();
    const double step = width * static_cast<double>(last - first + 1) / 256;
    double error = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double begin = (static_cast<double>(i) - static_cast<double>(first)) * width;
      const double end = begin + width;
      const double begin_step = std::clamp(std::floor(begin / step), 0.0, 255.0);
      const double end_step = std::clamp(std::floor(end / step), 0.0, 255.0);
      const double area = Cubes(begin - (begin_step + 0.5) * step, step / 2) +
                          (end_step - begin_step - 1) * Cubes(-step / 2, step / 2) +
                          Cubes(-step / 2, end - (end_step + 0.5) * step);
      error += static_cast<double>(counts_[i]) / width * area;
    }
    return error;
  }

  const Histogram& histogram_;
  std::span<const std::uint64_t> counts_;
  std::vector<std::uint64_t> sums_;
};

void ExpectWalk(const std::vector<float>& values, double scale, std::int32_t zero_point) {
  const Histogram histogram = HistogramOf(values);
  const RangeChoice walk = *JudgeRange(histogram, PyTorchWalk(histogram).Run());
  EXPECT_NEAR(walk.affine.scale, scale, 6e-7);
  EXPECT_EQ(walk.affine.zero_point, zero_point);
  EXPECT_LE(LowestErrorRange(histogram)->mean_squared_error, walk.mean_squared_error);
}

// What PyTorch 2.13 choose, from our histograms; our own choice is never worse.
TEST(PyTorchObserverTest, ChoosesAsPublishedAndNotBetterThanTheOptimum) {
  std::vector<float> ramp;
  for (int i = -5000; i <= 5000; ++i) ramp.push_back(static_cast<float>(i) / 1000);
  ExpectWalk(ramp, 0.039197, 128);

  std::vector<float> normal = NormalQuantiles();
  EXPECT_NEAR(MinMaxRange(HistogramOf(normal))->affine.scale, 0.0305145, 5e-8);
  ExpectWalk(normal, 0.0298292, 130);
  normal.push_back(12);
  ExpectWalk(normal, 0.0622857, 62);
}

}  // namespace
}  // namespace fedge::quantize
