// Every sector of every file of a state directory, damaged in turn.
#include <cstdio>

#include <gtest/gtest.h>

#include "damaged_state.h"

namespace fedge::testing {
namespace {

class DamageSlowTest : public ::testing::Test {
 protected:
  void Sweep(const Files& files) {
    const auto play = [&](const Files& damaged) { damaged_.ExpectRightOrRefused(damaged); };
    damaged_.ForEachFlip(files, 1, 11, play);
    damaged_.ForEachFlip(files, 1, 12, play);
    damaged_.ForEachTruncation(files, 1, play);
    std::printf("  %d made good, %d refused\n", damaged_.num_right(), damaged_.num_refused());
  }
  DamagedState damaged_;
};

TEST_F(DamageSlowTest, EverySectorInTheMiddleOfARound) { Sweep(damaged_.in_round()); }
TEST_F(DamageSlowTest, EverySectorAtRest) { Sweep(damaged_.at_rest()); }

}  // namespace
}  // namespace fedge::testing
