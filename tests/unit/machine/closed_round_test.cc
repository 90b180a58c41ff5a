#include "machine_test.h"

namespace fedge::testing {
namespace {

// What still arrives for a round that takes no updates any more.
class ClosedRoundTest : public MachineTest {
 protected:
  // The first of many rounds has ended at its deadline without c; the second one is on.
  void EndFirstRoundWithoutC(std::uint32_t rounds = 5) {
    Join({"a", "b", "c"});
    Start(Plan(3, rounds));
    Report("a");
    Report("b");
    sim_.Wait(60s);
    ASSERT_EQ(phase(), PhaseName::kAggregating);
  }
};

TEST_F(ClosedRoundTest, CountsALateUpdate) {
  EndFirstRoundWithoutC();
  const Outcome outcome = Report("c");
  EXPECT_EQ(AnswerOf(outcome), TaskState::kLate);
  EXPECT_EQ(saved(1).num_late, 1U);
  EXPECT_EQ(saved(1).bytes_up, 300U);
  EXPECT_EQ(saved(1).num_accepted, 2U);
  EXPECT_EQ(task(1, "c").state, TaskState::kLate);
  EXPECT_EQ(All<SaveEvent>(outcome).size(), 1U);
}

TEST_F(ClosedRoundTest, CountsALateUpdateWhenTheRunHasGoneOn) {
  EndFirstRoundWithoutC();
  FinishAggregation();
  ASSERT_EQ(state().last_round, 2U);
  EXPECT_EQ(AnswerOf(Report("c", 1)), TaskState::kLate);
  EXPECT_EQ(saved(1).num_late, 1U);
  EXPECT_EQ(saved(1).phase, PhaseName::kCompleted);
}

TEST_F(ClosedRoundTest, CountsEachClientOnce) {
  EndFirstRoundWithoutC();
  Report("c");
  const Outcome again = Report("c");
  EXPECT_EQ(AnswerOf(again), TaskState::kLate);
  EXPECT_EQ(saved(1).num_late, 1U);
  EXPECT_TRUE(All<SaveRound>(again).empty());
}

TEST_F(ClosedRoundTest, DoesNotCountForOlderRounds) {
  EndFirstRoundWithoutC();
  FinishAggregation();
  Report("a");
  Report("b");
  sim_.Wait(60s);
  FinishAggregation();
  EXPECT_EQ(AnswerOf(Report("c", 1)), TaskState::kLate);
  EXPECT_EQ(AnswerOf(Refuse("c", 1)), TaskState::kRefused);
  EXPECT_EQ(saved(1).num_late, 0U);
  EXPECT_EQ(saved(1).num_refused, 0U);
}

TEST_F(ClosedRoundTest, TellsSurplusFromLate) {
  RunPlan plan = Plan(2, 3);
  plan.over_select = 1.5;
  Join({"a", "b", "c"});
  Start(plan);
  Report("a");
  Report("b");
  EXPECT_EQ(AnswerOf(Report("c")), TaskState::kSurplus);
  EXPECT_EQ(saved(1).num_surplus, 1U);
  FinishAggregation();
  EXPECT_EQ(AnswerOf(Report("c", 1)), TaskState::kSurplus);
  EXPECT_EQ(saved(1).num_surplus, 1U);
  EXPECT_EQ(saved(1).num_late, 0U);
}

TEST_F(ClosedRoundTest, TellsSurplusFromLateForARoundOfAnEarlierRun) {
  RunPlan plan = Plan(2);
  plan.over_select = 1.5;
  Join({"a", "b", "c"});
  Start(plan);
  Report("a");
  Report("b");
  FinishAggregation();
  Start(Plan(3));
  sim_.Restart();
  EXPECT_EQ(AnswerOf(Report("c", 1)), TaskState::kSurplus);
}

TEST_F(ClosedRoundTest, CountsARefusedUpdate) {
  EndFirstRoundWithoutC();
  EXPECT_EQ(AnswerOf(Refuse("c")), TaskState::kRefused);
  EXPECT_EQ(AnswerOf(Refuse("c")), TaskState::kRefused);
  EXPECT_EQ(saved(1).num_refused, 1U);
  EXPECT_EQ(task(1, "c").state, TaskState::kRefused);
}

TEST_F(ClosedRoundTest, RefusesABadWeightEvenIfLate) {
  EndFirstRoundWithoutC();
  EXPECT_EQ(AnswerOf(Report("c", 1, Examples(0))), TaskState::kRefused);
}

TEST_F(ClosedRoundTest, RepeatsThatAnUpdateWasAccepted) {
  EndFirstRoundWithoutC();
  EXPECT_EQ(AnswerOf(Report("a")), TaskState::kAccepted);
  FinishAggregation();
  EXPECT_EQ(AnswerOf(Report("a", 1)), TaskState::kAccepted);
  EXPECT_EQ(saved(1).num_accepted, 2U);
  EXPECT_EQ(saved(1).bytes_up, 200U);
}

TEST_F(ClosedRoundTest, RefusesAStrangerAndCountsIt) {
  EndFirstRoundWithoutC();
  EXPECT_EQ(AnswerOf(Report("x")), TaskState::kRefused);
  EXPECT_EQ(saved(1).num_refused, 1U);
}

// The aggregation reads them; nothing else does.
TEST_F(ClosedRoundTest, DropsUpdatesUnlessTheyAreBeingAggregated) {
  EndFirstRoundWithoutC();
  EXPECT_TRUE(All<DropUpdates>(Report("c")).empty());
  EXPECT_EQ(All<DropUpdates>(FinishAggregation()).size(), 1U);
  const auto dropped = All<DropUpdates>(Report("c", 1));
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped[0].round, 1U);
  EXPECT_TRUE(All<DropUpdates>(Report("a")).empty());
  EXPECT_TRUE(All<DropUpdates>(Report("a", 9)).empty());
}

TEST_F(ClosedRoundTest, KeepsTheCountsWhenTheEvaluationComesIn) {
  JoinEvaluators({"e"});
  EndFirstRoundWithoutC();
  FinishAggregation();
  Report("c", 1);
  Evaluate("e", 1, 0.5);
  EXPECT_EQ(saved(1).num_late, 1U);
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.5);
}

TEST_F(ClosedRoundTest, SaysThatTheRoundFailed) {
  Join({"a", "b"});
  Start(Plan(2));
  sim_.Apply(AbortRun{"a test"});
  const Outcome outcome = Report("a");
  EXPECT_EQ(AnswerOf(outcome), TaskState::kLate);
  EXPECT_NE(All<AnswerUpdate>(outcome)[0].reason.find("aborted: a test"), std::string::npos);
}

}  // namespace
}  // namespace fedge::testing
