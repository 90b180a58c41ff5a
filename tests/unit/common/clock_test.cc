#include "fedge/common/clock.h"

#include <gtest/gtest.h>

namespace fedge {
namespace {

using namespace std::chrono_literals;  // NOLINT: for tests only

// A machine's two clocks; the wall clock can be set.
class SystemClockTest : public ::testing::Test {
 protected:
  void Pass(Duration time) {
    wall_ += time;
    steady_ += time;
  }
  Duration Now() const { return clock_.Now().time_since_epoch(); }

  Duration wall_ = 1000h;
  Duration steady_ = 5h;
  const SystemClock clock_{[this] { return wall_; }, [this] { return steady_; }};
};

TEST_F(SystemClockTest, IsTheWallClockWhileNobodySetsIt) {
  for (const Duration step : std::initializer_list<Duration>{0ms, 1ms, 19ms, 20ms, 3s, 7h}) {
    Pass(step);
    EXPECT_EQ(Now(), wall_);
  }
}

TEST_F(SystemClockTest, DoesNotGoBackAndKeepsItsPaceWhenTheClockIsSetBack) {
  const Duration before = Now();
  wall_ -= 1h;
  EXPECT_GE(Now(), before);
  Pass(60s);
  EXPECT_GE(Now(), before + 57s);
  EXPECT_LE(Now(), before + 60s);
}

TEST_F(SystemClockTest, DoesNotJumpWhenTheClockIsSetForward) {
  const Duration before = Now();
  wall_ += 1h;
  EXPECT_EQ(Now(), before);
  Pass(60s);
  EXPECT_LE(Now(), before + 63s);
}

TEST_F(SystemClockTest, FollowsTheWallClockInTheEnd) {
  for (const Duration set : std::initializer_list<Duration>{-1h, 2h}) {
    wall_ += set;
    for (Duration last = Now(); Now() != wall_; last = Now()) {
      Pass(100s);
      ASSERT_GT(Now(), last);
    }
  }
}

TEST_F(SystemClockTest, CallsInQuickSuccessionDoNotStopIt) {
  wall_ -= 1h;
  const Duration before = Now();
  for (int i = 0; i < 1000; ++i) {
    Pass(1ms);
    Now();
  }
  EXPECT_GE(Now(), before + 940ms);
}

}  // namespace
}  // namespace fedge
