#include "fedge/data/partition/distributions.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/data/partition/holdout.h"

namespace fedge::data {
namespace {

TEST(PortableMathTest, AgreesWithLibmWithinTwoUlp) {
  constexpr double kUlp = 0x1p-52;
  Random random(1);
  for (int i = 0; i < 200000; ++i) {
    const double x = std::ldexp(1 + random.Uniform(), static_cast<int>(random.Below(600)) - 300);
    const double log = std::log(x);
    EXPECT_NEAR(PortableLog(x), log, 2 * kUlp * std::abs(log)) << x;
    const double y = 1400 * random.Uniform() - 700;
    EXPECT_NEAR(PortableExp(y) / std::exp(y), 1, 2 * kUlp) << y;
  }
  for (int i = 1; i < 1000; ++i) {  // around 1, where the logarithm is small
    const double x = 1 + (i - 500) * 1e-5;
    EXPECT_NEAR(PortableLog(x), std::log(x), 2 * kUlp * std::abs(std::log(x))) << x;
  }
  EXPECT_EQ(PortableLog(1), 0);
  EXPECT_EQ(PortableExp(0), 1);
  EXPECT_EQ(PortableExp(-1e300), 0);
}

// From an independent implementation in Python, with libm.
TEST(DistributionsTest, MatchAnIndependentImplementation) {
  Random random(1);
  for (const double expected : {0.42945220538400686, 0.4564552075888475, -0.3268385200683801}) {
    EXPECT_NEAR(DrawNormal(random), expected, 1e-14);
  }
  Random other(1);
  EXPECT_NEAR(DrawLogGamma(other, 0.1), -12.568398962004908, 1e-13);
  EXPECT_NEAR(DrawLogGamma(other, 1), 0.6694789301429115, 1e-14);
  EXPECT_NEAR(DrawLogGamma(other, 5), 2.0958676106962555, 1e-14);
}

TEST(DistributionsTest, GammaHasMeanAndVarianceEqualToItsShape) {
  constexpr int kDraws = 200000;
  for (const double shape : {0.05, 0.5, 1.0, 3.0, 50.0}) {
    Random random(7);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double value = std::exp(DrawLogGamma(random, shape));
      mean += value / kDraws;
      square += value * value / kDraws;
    }
    // Five standard errors; the fourth central moment of a gamma variate is 3 k^2 + 6 k.
    EXPECT_NEAR(mean, shape, 5 * std::sqrt(shape / kDraws)) << shape;
    EXPECT_NEAR(square - mean * mean, shape,
                5 * std::sqrt((2 * shape * shape + 6 * shape) / kDraws))
        << shape;
  }
}

TEST(DistributionsTest, DirichletWeightsSumToOneEvenWhereVariatesUnderflow) {
  Random random(3);
  for (const double alpha : {1e-4, 1e-2, 1.0, 1e6}) {
    const std::vector<double> weights = DrawDirichlet(random, alpha, 100);
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12) << alpha;
    for (const double weight : weights) EXPECT_GE(weight, 0);
  }
}

TEST(HoldoutTest, MatchesAnIndependentImplementation) {
  const Holdout parts = DrawHoldout(10, 0.3, 1);
  EXPECT_THAT(parts.held_out, ::testing::ElementsAre(0, 7, 8));
  EXPECT_THAT(parts.kept, ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 9));
}

TEST(HoldoutTest, LeavesSomethingOnBothSides) {
  const auto sizes = [](std::size_t count, double fraction) {
    const Holdout parts = DrawHoldout(count, fraction, 1);
    return std::pair(parts.kept.size(), parts.held_out.size());
  };
  EXPECT_EQ(sizes(100, 0), std::pair(std::size_t{100}, std::size_t{0}));
  EXPECT_EQ(sizes(100, 0.2), std::pair(std::size_t{80}, std::size_t{20}));
  EXPECT_EQ(sizes(3, 0.01), std::pair(std::size_t{2}, std::size_t{1}));
  EXPECT_EQ(sizes(3, 0.99), std::pair(std::size_t{1}, std::size_t{2}));
  EXPECT_EQ(sizes(1, 0.9), std::pair(std::size_t{1}, std::size_t{0}));
  EXPECT_EQ(sizes(0, 0.5), std::pair(std::size_t{0}, std::size_t{0}));
}

TEST(HoldoutTest, SplitsAClientsOwnExamples) {
  const std::vector<std::uint32_t> mine{3, 14, 15, 92, 65, 358};
  const Holdout parts = SplitHoldout(mine, 0.5, 4).value();
  std::vector<std::uint32_t> all = parts.kept;
  all.insert(all.end(), parts.held_out.begin(), parts.held_out.end());
  EXPECT_EQ(parts.kept.size(), 3U);
  EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(mine));
  EXPECT_NE(parts.held_out, SplitHoldout(mine, 0.5, 5)->held_out);
  EXPECT_EQ(SplitHoldout(mine, 1, 1).status().message(),
            "holdout is 1; it must be at least 0 and below 1");
  EXPECT_FALSE(SplitHoldout(mine, -0.1, 1).ok());
  EXPECT_FALSE(SplitHoldout(mine, std::nan(""), 1).ok());
}

}  // namespace
}  // namespace fedge::data
