#include "fedge/coordinator/metrics_mean.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace fedge {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(MetricsMeanTest, WeightsWithExamples) {
  // Flower's aggregate_test.py: losses (n 1, 2.0), (2, 1.0), (1, 2.0) have the mean 1.5.
  MetricsMean mean;
  mean.Add({.num_examples = 1, .loss = 2.0, .accuracy = 1});
  mean.Add({.num_examples = 2, .loss = 1.0, .accuracy = 0});
  mean.Add({.num_examples = 1, .loss = 2.0, .accuracy = 1});
  EXPECT_EQ(mean.Mean().num_examples, 4U);
  EXPECT_DOUBLE_EQ(mean.Mean().loss, 1.5);
  EXPECT_DOUBLE_EQ(mean.Mean().accuracy, 0.5);
}

TEST(MetricsMeanTest, OfNothingIsNotMeasured) {
  EXPECT_FALSE(MetricsMean().Mean().measured());
  MetricsMean mean;
  mean.Add(Metrics{});
  EXPECT_FALSE(mean.Mean().measured());
}

TEST(MetricsMeanTest, LeavesOutWhatIsNoNumber) {
  MetricsMean mean;
  mean.Add({.num_examples = 10, .loss = kNaN, .accuracy = 0.5});
  mean.Add({.num_examples = 10, .loss = 3, .accuracy = kNaN});
  mean.Add({.num_examples = 10, .loss = std::numeric_limits<double>::infinity(), .accuracy = 0.7});
  EXPECT_DOUBLE_EQ(mean.Mean().loss, 3);
  EXPECT_DOUBLE_EQ(mean.Mean().accuracy, 0.6);
  EXPECT_EQ(mean.Mean().num_examples, 30U);
}

TEST(MetricsMeanTest, IsNotANumberIfNobodyHasOne) {
  MetricsMean mean;
  mean.Add({.num_examples = 10, .loss = kNaN, .accuracy = kNaN});
  EXPECT_TRUE(mean.Mean().measured());
  EXPECT_TRUE(std::isnan(mean.Mean().loss));
  EXPECT_FALSE(mean.Mean().has_accuracy());
}

TEST(MetricsMeanTest, IsNotMovedByInventedValues) {
  MetricsMean mean;
  mean.Add({.num_examples = 10, .loss = 1, .accuracy = 0.5});
  mean.Add({.num_examples = 10, .loss = 1e300, .accuracy = 1e300});
  mean.Add({.num_examples = 10, .loss = -1e300, .accuracy = -1});
  mean.Add({.num_examples = std::numeric_limits<std::uint64_t>::max(), .loss = 9, .accuracy = 0.9});
  EXPECT_DOUBLE_EQ(mean.Mean().loss, 1);
  EXPECT_DOUBLE_EQ(mean.Mean().accuracy, 0.5);
  EXPECT_EQ(mean.Mean().num_examples, 30U);
}

}  // namespace
}  // namespace fedge
