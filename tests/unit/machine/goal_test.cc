#include "fedge/coordinator/goal.h"

#include <limits>

#include <gtest/gtest.h>

namespace fedge {
namespace {

bool Reached(std::string_view goal, const Metrics& metrics) {
  const Result<Goal> parsed = ParseGoal(goal);
  EXPECT_TRUE(parsed.ok()) << goal;
  return parsed.ok() && parsed->ReachedBy(metrics);
}

TEST(GoalTest, ComparesTheNamedQuantity) {
  const Metrics metrics{.num_examples = 10, .loss = 0.5, .accuracy = 0.9};
  EXPECT_TRUE(Reached("accuracy>=0.9", metrics));
  EXPECT_FALSE(Reached("accuracy>0.9", metrics));
  EXPECT_TRUE(Reached("accuracy<=0.9", metrics));
  EXPECT_FALSE(Reached("accuracy<0.9", metrics));
  EXPECT_TRUE(Reached("loss<=0.5", metrics));
  EXPECT_FALSE(Reached("loss<0.5", metrics));
  EXPECT_TRUE(Reached("loss>=0.5", metrics));
  EXPECT_FALSE(Reached("loss>5e-1", metrics));
}

TEST(GoalTest, IsNotReachedByWhatWasNotMeasured) {
  EXPECT_FALSE(Reached("loss<=1", Metrics{}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Reached("accuracy<=1", {.num_examples = 10, .loss = 0, .accuracy = nan}));
  EXPECT_FALSE(Reached("loss>=0", {.num_examples = 10, .loss = nan, .accuracy = 1}));
}

TEST(GoalTest, TakesSpacesBetweenTheParts) {
  const Result<Goal> goal = ParseGoal("  accuracy  >=  0.97 ");
  ASSERT_TRUE(goal.ok());
  EXPECT_EQ(goal->ToString(), "accuracy>=0.97");
}

TEST(GoalTest, RefusesWhatItDoesNotKnowAndSaysWhatIsAllowed) {
  for (const char* text :
       {"", "accuracy", "accuracy>=", ">=0.9", "f1>=0.9", "accuracy=0.9", "accuracy==0.9",
        "accuracy=>0.9", "accuracy>=0.9x", "accuracy>=0.9 0.8", "accuracy>=nan", "loss<=inf",
        "loss<=1e999", "Accuracy>=0.9", "accuracy>=0,9", "accuracy\n>=0.9", "loss<= +1"}) {
    const Result<Goal> goal = ParseGoal(text);
    ASSERT_FALSE(goal.ok()) << text;
    EXPECT_EQ(goal.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(goal.status().message().find("accuracy>=0.97"), std::string::npos) << text;
  }
}

TEST(GoalTest, RefusesAnAccuracyThatIsNoFraction) {
  for (const char* text : {"accuracy>=97", "accuracy>=1.01", "accuracy>=-0.1"}) {
    const Result<Goal> goal = ParseGoal(text);
    ASSERT_FALSE(goal.ok()) << text;
    EXPECT_NE(goal.status().message().find("between 0 and 1"), std::string::npos);
  }
  EXPECT_TRUE(ParseGoal("loss<=97").ok());
}

TEST(GoalTest, IsReadAgainAsItWasWritten) {
  for (const char* text : {"accuracy>=0.97", "accuracy<0.5", "loss<=1e-06", "loss>-3"}) {
    EXPECT_EQ(ParseGoal(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace fedge
