#include "fedge/quantize/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "fedge/quantize/channel_statistics.h"
#include "fedge/quantize/exact_sum.h"

namespace fedge::quantize {
namespace {

using ::testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kMax = std::numeric_limits<float>::max();

// Of all sizes and both signs.
std::vector<float> RandomValues(std::uint64_t seed, std::size_t size) {
  Random random(seed);
  std::vector<float> values;
  for (std::size_t i = 0; i < size; ++i) {
    const double magnitude = std::exp2(120 * random.Uniform() - 60);
    values.push_back(static_cast<float>(random.Below(2) == 0 ? magnitude : -magnitude));
  }
  return values;
}

std::vector<std::uint64_t> Counts(const Histogram& histogram) {
  return {histogram.counts().begin(), histogram.counts().end()};
}

double SumOf(const std::vector<float>& values) {
  ExactSum sum;
  for (const float value : values) sum.Add(value);
  return sum.value();
}

TEST(ExactSumTest, LosesNothing) {
  const float denormal = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(SumOf({}), 0);
  EXPECT_EQ(SumOf({0.1F}), static_cast<double>(0.1F));
  EXPECT_EQ(SumOf({-kMax}), -static_cast<double>(kMax));
  EXPECT_EQ(SumOf({kMax, kMax, kMax}), 3 * static_cast<double>(kMax));
  EXPECT_EQ(SumOf({kMax, denormal, -kMax}), static_cast<double>(denormal));
  EXPECT_EQ(SumOf({1e20F, 1, -1e20F, -3}), -2);
  EXPECT_EQ(SumOf({-1, denormal, 1, -denormal, -denormal}), -static_cast<double>(denormal));
}

TEST(ExactSumTest, DoesNotDependOnTheOrder) {
  std::vector<float> values = RandomValues(7, 1000);
  const double sum = SumOf(values);
  Random random(8);
  for (int i = 0; i < 20; ++i) {
    random.Shuffle(std::span(values));
    EXPECT_EQ(SumOf(values), sum);
    ExactSum first;
    ExactSum second;
    const std::size_t split = random.Below(values.size());
    for (std::size_t j = 0; j < values.size(); ++j) (j < split ? first : second).Add(values[j]);
    second.Merge(first);
    EXPECT_EQ(second.value(), sum);
  }
}

TEST(ChannelStatisticsTest, AreOfEachChannel) {
  ChannelStatistics statistics(2);
  // Two samples of two channels with three positions.
  const std::vector<float> values = {1, 2, 3, -4, -5, -6, 7, std::nanf(""), 9, kInfinity, 0, 1};
  ASSERT_TRUE(statistics.Add(values, 3).ok());
  const ChannelSummary& first = statistics.channels()[0];
  EXPECT_EQ(first.min, 1);
  EXPECT_EQ(first.max, 9);
  EXPECT_EQ(first.num_values, 5);
  EXPECT_EQ(first.num_not_finite, 1);
  EXPECT_THAT(statistics.means(), ElementsAre(22.0 / 5, -14.0 / 5));
  EXPECT_EQ(statistics.Total().min, -6);
  EXPECT_EQ(statistics.Total().num_not_finite, 2);
  EXPECT_EQ(statistics.Add(std::vector<float>(7), 3).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(statistics.Merge(ChannelStatistics(3)).code(), StatusCode::kInvalidArgument);
}

TEST(ChannelStatisticsTest, BatchesDoNotMatter) {
  const std::vector<float> values = RandomValues(9, 600);
  ChannelStatistics whole(3);
  ASSERT_TRUE(whole.Add(values, 2).ok());
  ChannelStatistics merged(3);
  for (std::size_t i = 600; i > 0; i -= 60) {
    ChannelStatistics part(3);
    ASSERT_TRUE(part.Add(std::span(values).subspan(i - 60, 60), 2).ok());
    ASSERT_TRUE(merged.Merge(part).ok());
  }
  EXPECT_EQ(merged.means(), whole.means());
}

TEST(HistogramTest, CountsIntoEqualBins) {
  Histogram histogram = *Histogram::Create({-1, 3}, 4);
  histogram.Add(std::vector<float>{-1, -0.1F, 0, 0.5F, 1, 2.5F, 3});
  EXPECT_THAT(Counts(histogram), ElementsAre(2, 2, 1, 2));
  EXPECT_EQ(histogram.num_values(), 7);
  EXPECT_EQ(histogram.Centre(0), -0.5);
  EXPECT_EQ(histogram.Edge(1), 0);
  EXPECT_EQ(histogram.Edge(4), 3);
}

TEST(HistogramTest, ValuesThatFitNowhereAreCountedApart) {
  Histogram histogram = *Histogram::Create({-1, 3}, 4);
  histogram.Add(std::vector<float>{-1.1F, 3.1F, std::nanf(""), kInfinity, -kInfinity});
  EXPECT_EQ(histogram.num_values(), 0);
  EXPECT_EQ(histogram.num_outside(), 2);
  EXPECT_EQ(histogram.num_not_finite(), 3);
}

TEST(HistogramTest, ItsRangeIncludesZero) {
  EXPECT_EQ(Histogram::Create({2, 5})->range(), (Range{0, 5}));
  Histogram constant = *Histogram::Create({0, 0}, 4);
  constant.Add(std::vector<float>{0, 0});
  EXPECT_THAT(Counts(constant), ElementsAre(2, 0, 0, 0));
  EXPECT_THAT(MagnitudeCounts(constant), ElementsAre(2));
}

TEST(HistogramTest, OrderAndBatchesDoNotMatter) {
  std::vector<float> values = RandomValues(10, 1000);
  Histogram whole = *Histogram::Create({-1e18, 1e18}, 64);
  whole.Add(values);
  Random(11).Shuffle(std::span(values));
  Histogram merged = *Histogram::Create({-1e18, 1e18}, 64);
  for (std::size_t i = 0; i < 1000; i += 100) {
    Histogram part = *Histogram::Create({-1e18, 1e18}, 64);
    part.Add(std::span(values).subspan(i, 100));
    ASSERT_TRUE(merged.Merge(part).ok());
  }
  EXPECT_TRUE(std::ranges::equal(merged.counts(), whole.counts()));
  EXPECT_EQ(merged.num_outside(), whole.num_outside());
}

TEST(HistogramTest, RefusesWhatDoesNotFit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Histogram::Create({nan, 1}).ok());
  EXPECT_FALSE(Histogram::Create({0, nan}).ok());
  EXPECT_FALSE(Histogram::Create({0, 1}, 0).ok());
  EXPECT_FALSE(Histogram::FromCounts({1, 2}, {1, 1}).ok());
  Histogram histogram = *Histogram::Create({0, 1}, 4);
  EXPECT_FALSE(histogram.Merge(*Histogram::Create({0, 1}, 5)).ok());
  EXPECT_FALSE(histogram.Merge(*Histogram::Create({0, 2}, 4)).ok());
}

TEST(MagnitudeCountsTest, FoldsAtZero) {
  EXPECT_THAT(MagnitudeCounts(*Histogram::FromCounts({0, 3}, {1, 2, 3})), ElementsAre(1, 2, 3));
  EXPECT_THAT(MagnitudeCounts(*Histogram::FromCounts({-2, 1}, {1, 2, 4})), ElementsAre(6, 1));
  EXPECT_THAT(MagnitudeCounts(*Histogram::FromCounts({-3, 0}, {1, 2, 3})), ElementsAre(3, 2, 1));
}

}  // namespace
}  // namespace fedge::quantize
