#include "fedge/quantize/pair_safe.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "fedge/quantize/affine.h"

namespace fedge::quantize {
namespace {

std::vector<std::int8_t> At(const std::vector<float>& weights, float scale) {
  std::vector<std::int8_t> integers(weights.size());
  QuantizeWeights(weights, std::span(&scale, 1), integers);
  return integers;
}

bool SafeAt(const std::vector<float>& weights, std::size_t num_positions, float scale) {
  return IsPairSafe(At(weights, scale), num_positions);
}

float NaiveScale(const std::vector<float>& weights) { return (*WeightScales(weights, 1))[0]; }

std::vector<float> RandomWeights(Random& random, std::size_t size) {
  std::vector<float> weights;
  for (std::size_t i = 0; i < size; ++i) {
    const double u = 2 * random.Uniform() - 1;
    weights.push_back(static_cast<float>(u * std::abs(u)));
  }
  return weights;
}

TEST(PairSafeTest, NeighboursAreInputChannelsAtTheSamePosition) {
  EXPECT_TRUE(IsPairSafe(std::vector<std::int8_t>{127, 127, 1, 1}, 2));
  EXPECT_FALSE(IsPairSafe(std::vector<std::int8_t>{127, 0, 2, 0}, 2));
  EXPECT_TRUE(IsPairSafe(std::vector<std::int8_t>{127, -127}, 1));
  EXPECT_FALSE(IsPairSafe(std::vector<std::int8_t>{-64, -65}, 1));
  // Channels 1 and 2 are no pair, and channel 2 has no neighbour.
  EXPECT_TRUE(IsPairSafe(std::vector<std::int8_t>{1, 127, 127}, 1));
  // A depthwise kernel has no pairs.
  EXPECT_TRUE(IsPairSafe(std::vector<std::int8_t>(9, 127), 9));
}

TEST(PairSafeTest, TheScaleIsTheLeastThatIsSafe) {
  Random random(3);
  int num_raised = 0;
  for (int i = 0; i < 500; ++i) {
    const std::size_t num_positions = 1 + random.Below(9);
    const auto weights = RandomWeights(random, num_positions * (1 + random.Below(8)));
    const float naive = NaiveScale(weights);
    const SafeScale safe = PairSafeScale({weights, num_positions}, naive);
    ASSERT_TRUE(SafeAt(weights, num_positions, safe.scale));
    ASSERT_GE(safe.scale, naive);
    if (safe.scale == naive) continue;
    ++num_raised;
    ASSERT_FALSE(SafeAt(weights, num_positions, std::nextafter(safe.scale, 0.0F)));
    // At most the sum of two neighbours, of 254, becomes 128.
    ASSERT_LT(safe.scale, naive * 2.02F);
  }
  EXPECT_GT(num_raised, 100);
}

// All points where a weight is rounded to another integer, listed: the least safe one is found.
TEST(PairSafeTest, NoBreakpointBelowIsSafe) {
  Random random(4);
  for (int i = 0; i < 50; ++i) {
    const auto weights = RandomWeights(random, 6);
    const float naive = NaiveScale(weights);
    const float found = PairSafeScale({weights, 1}, naive).scale;
    float least = std::numeric_limits<float>::infinity();
    if (SafeAt(weights, 1, naive)) least = naive;
    for (const float weight : weights) {
      for (int n = 0; n < 128; ++n) {
        const auto breakpoint = static_cast<float>(std::abs(weight) / (n + 0.5));
        // The rounding of the division may move it by a bit or two.
        float scale = breakpoint;
        for (int k = 0; k < 2; ++k) scale = std::nextafter(scale, 0.0F);
        for (int k = 0; k < 5; ++k) {
          if (scale >= naive && SafeAt(weights, 1, scale)) least = std::min(least, scale);
          scale = std::nextafter(scale, 1e9F);
        }
      }
    }
    EXPECT_EQ(found, least);
  }
}

TEST(PairSafeTest, SafeChannelsAreNotTouched) {
  const std::vector<float> weights = {1, -1, 0.5F, 0.5F};
  const float naive = NaiveScale(weights);
  const SafeScale safe = PairSafeScale({weights, 1}, naive);
  EXPECT_EQ(safe.scale, naive);
  EXPECT_EQ(safe.sqnr_db, safe.unconstrained_sqnr_db);
  // Zeros are exact.
  const SafeScale zeros = PairSafeScale({std::vector<float>(4), 1}, 1);
  EXPECT_EQ(zeros.scale, 1);
  EXPECT_EQ(zeros.sqnr_db, std::numeric_limits<double>::infinity());
}

TEST(PairSafeTest, AConstantChannelIsHalved) {
  const std::vector<float> weights(8, 0.3F);
  const SafeScale safe = PairSafeScale({weights, 1}, NaiveScale(weights));
  for (const std::int8_t weight : At(weights, safe.scale)) EXPECT_EQ(weight, 64);
}

TEST(PairSafeTest, TellsWhatTheRuleCosts) {
  Random random(5);
  double lost = 0;
  for (int i = 0; i < 100; ++i) {
    const auto weights = RandomWeights(random, 64);
    const SafeScale safe = PairSafeScale({weights, 1}, NaiveScale(weights));
    const SafeScale seven = SevenBitScale({weights, 1}, NaiveScale(weights));
    EXPECT_LE(safe.scale, seven.scale * 1.01F);
    lost += safe.unconstrained_sqnr_db - safe.sqnr_db;
  }
  EXPECT_GT(lost / 100, 0);
  EXPECT_LT(lost / 100, 6.03);  // a bit
}

TEST(SevenBitTest, NoIntegerExceedsTheLimit) {
  Random random(6);
  for (int i = 0; i < 100; ++i) {
    const auto weights = RandomWeights(random, 32);
    const float naive = NaiveScale(weights);
    for (const std::int32_t limit : {63, 64}) {
      const SafeScale seven = SevenBitScale({weights, 1}, naive, limit);
      EXPECT_GT(seven.scale, naive);
      int largest = 0;
      for (const int weight : At(weights, seven.scale)) {
        largest = std::max(largest, std::abs(weight));
      }
      EXPECT_EQ(largest, limit);
      EXPECT_TRUE(SafeAt(weights, 1, seven.scale));
    }
  }
}

}  // namespace
}  // namespace fedge::quantize
