#include "fedge/fedctl/eta.h"

#include <gtest/gtest.h>

namespace fedge::fedctl {
namespace {

using std::chrono::seconds;

TEST(EtaTest, NothingIsKnownBeforeTheFirstUpdate) {
  EXPECT_EQ(
      EstimateRemaining({.rounds_left = 9, .in_round = true, .elapsed = seconds(3), .needed = 50}),
      std::nullopt);
  EXPECT_EQ(EstimateRemaining({.rounds_left = 9}), std::nullopt);
}

TEST(EtaTest, TheFirstRoundGoesByItsUpdates) {
  // 10 of 50 updates in 2 s: 10 s a round, 8 s of it left, and two more rounds.
  EXPECT_EQ(EstimateRemaining({.rounds_left = 2,
                               .in_round = true,
                               .elapsed = seconds(2),
                               .accepted = 10,
                               .needed = 50}),
            seconds(28));
  EXPECT_EQ(
      EstimateRemaining({.in_round = true, .elapsed = seconds(2), .accepted = 60, .needed = 50}),
      seconds(0));
}

TEST(EtaTest, LaterRoundsGoByTheMedianOfTheLast) {
  const std::vector<Duration> finished = {seconds(900), seconds(900), seconds(900), seconds(900),
                                          seconds(4),   seconds(5),   seconds(4),   seconds(5),
                                          seconds(90),  seconds(5),   seconds(5)};
  EXPECT_EQ(EstimateRemaining({.finished = finished,
                               .rounds_left = 3,
                               .in_round = true,
                               .elapsed = seconds(2),
                               .accepted = 49,
                               .needed = 50}),
            seconds(3 + 15));
}

TEST(EtaTest, AnOverdueRoundCountsAsNearlyDone) {
  EXPECT_EQ(
      EstimateRemaining(
          {.finished = {seconds(5)}, .rounds_left = 1, .in_round = true, .elapsed = seconds(60)}),
      seconds(5));
}

TEST(EtaTest, AnEndedRunHasNoneLeft) { EXPECT_EQ(EstimateRemaining({}), seconds(0)); }

}  // namespace
}  // namespace fedge::fedctl
