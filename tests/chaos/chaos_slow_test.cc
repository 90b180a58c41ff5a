#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "chaos_play.h"
#include "fedge/common/random.h"

namespace fedge::testing {
namespace {

// Every named point as a kill and as a loss of power, and fl-coordinator itself at random times.
TEST(ChaosSlowTest, NoPointAndNoTimeOfDeathChangesTheResult) {
  constexpr int kRounds = 40;
  Random random(20'240'607);
  std::vector<Death> deaths;
  for (const auto& [point, passed] : PointsOfARestart(6)) {
    for (const bool power_loss : {false, true}) {
      deaths.push_back({.point = point,
                        .pass = 1 + random.Below(std::min<std::uint64_t>(passed, 3)),
                        .power_loss = power_loss});
    }
  }
  for (int i = 0; i < 20; ++i) {
    deaths.push_back({.point = "", .delay_ms = static_cast<int>(random.Below(300))});
  }
  for (std::size_t i = deaths.size(); i > 1; --i) std::swap(deaths[i - 1], deaths[random.Below(i)]);
  EXPECT_GE(deaths.size(), 80U);
  PlayAll(deaths, kRounds, /*deaths_per_run=*/16);
}

// What happens only once, when a state directory is made.
TEST(ChaosSlowTest, NoDeathAtTheCreationOfAStateDirectoryStandsInTheWay) {
  const Undisturbed undisturbed = PlayUndisturbed(2);
  const auto of_a_restart = PointsOfARestart(6);
  for (const auto& [point, passed] : undisturbed.passed) {
    if (of_a_restart.contains(point)) continue;
    for (std::uint64_t pass = 1; pass <= std::min<std::uint64_t>(passed, 3); ++pass) {
      for (const bool power_loss : {false, true}) {
        PlayAtCreation({.point = point, .pass = pass, .power_loss = power_loss}, undisturbed, 2);
      }
    }
  }
}

}  // namespace
}  // namespace fedge::testing
