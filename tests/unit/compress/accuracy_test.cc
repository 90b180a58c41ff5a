// How sure a measured accuracy is.
#include "fedge/compress_report/accuracy.h"

#include <gtest/gtest.h>

namespace fedge {
namespace {

Interval Of(std::uint64_t correct, std::uint64_t samples) {
  return ConfidenceInterval({.runtime = "", .model = "", .correct = correct, .samples = samples});
}

// Against the formula worked out by hand for these counts.
TEST(AccuracyTest, TheIntervalIsWilsons) {
  EXPECT_NEAR(Of(5, 10).low, 0.23659, 1e-5);
  EXPECT_NEAR(Of(5, 10).high, 0.76341, 1e-5);
  EXPECT_NEAR(Of(9'895, 10'000).low, 0.98730, 1e-5);
  EXPECT_NEAR(Of(9'895, 10'000).high, 0.99131, 1e-5);
}

TEST(AccuracyTest, TheIntervalStaysWithinOneAtTheEnds) {
  EXPECT_DOUBLE_EQ(Of(0, 20).low, 0);
  EXPECT_NEAR(Of(0, 20).high, 0.16113, 1e-5);
  EXPECT_NEAR(Of(20, 20).low, 0.83887, 1e-5);
  EXPECT_DOUBLE_EQ(Of(20, 20).high, 1);
}

TEST(AccuracyTest, NothingIsKnownOfNoSamples) {
  EXPECT_EQ(Of(0, 0).low, 0);
  EXPECT_EQ(Of(0, 0).high, 1);
}

}  // namespace
}  // namespace fedge
