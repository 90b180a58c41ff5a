#include <cmath>

#include "machine_test.h"

namespace fedge::testing {
namespace {

class RunTest : public MachineTest {
 protected:
  void JoinTwo() { Join({"a", "b"}); }
  void ReportTwo() {
    Report("a");
    Report("b");
  }
};

TEST_F(RunTest, RestsInCompletedBeforeTheFirstRun) {
  EXPECT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_EQ(CurrentRound(state()), nullptr);
  EXPECT_FALSE(NextDeadline(state()).has_value());
}

TEST_F(RunTest, GoesThroughItsRounds) {
  JoinTwo();
  Start(Plan(2, 3));
  for (RoundId round = 1; round <= 3; ++round) {
    EXPECT_EQ(CurrentRound(state())->index_in_run, round);
    EXPECT_EQ(CurrentRound(state())->base, Simulator::ModelOf(round - 1));
    ReportTwo();
    FinishAggregation();
    EXPECT_EQ(saved(round).model, Simulator::ModelOf(round));
  }
  EXPECT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_TRUE(state().run->ended);
  EXPECT_EQ(state().run->rounds_completed, 3U);
  EXPECT_EQ(state().run->error, "");
  EXPECT_EQ(state().model, Simulator::ModelOf(3));
}

TEST_F(RunTest, BeginsTheNextRoundInTheStepThatCompletesOne) {
  JoinTwo();
  Start(Plan(2, 2));
  ReportTwo();
  const Outcome outcome = FinishAggregation();
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(All<SaveModel>(outcome).size(), 1U);
  EXPECT_EQ(All<DropUpdates>(outcome)[0].round, 1U);
  EXPECT_EQ(Notified(outcome), (std::vector<ClientId>{"a", "b"}));
  EXPECT_EQ(saved(1).phase, PhaseName::kCompleted);
  EXPECT_EQ(saved(2).phase, PhaseName::kTraining);
}

TEST_F(RunTest, NumbersRoundsOverAllRuns) {
  JoinTwo();
  for (RunId run = 1; run <= 3; ++run) {
    Start(Plan(2));
    ReportTwo();
    FinishAggregation();
    EXPECT_EQ(state().run->run, run);
    EXPECT_EQ(state().last_round, run);
    EXPECT_EQ(saved(run).index_in_run, 1U);
  }
}

TEST_F(RunTest, GivesEachRoundItsLearningRateAndSeed) {
  JoinTwo();
  RunPlan plan = Plan(2, 2);
  plan.train.learning_rate = 0.1;
  plan.learning_rate_decay = 0.5;
  Start(plan);
  const auto first = std::get<TrainAssignment>(AssignmentFor(state(), "a"));
  EXPECT_DOUBLE_EQ(first.config.learning_rate, 0.1);
  EXPECT_EQ(first.task_id, "1:a");
  EXPECT_EQ(first.deadline, sim_.now() + 60s);
  ReportTwo();
  FinishAggregation();
  const auto second = std::get<TrainAssignment>(AssignmentFor(state(), "a"));
  EXPECT_DOUBLE_EQ(second.config.learning_rate, 0.05);
  EXPECT_NE(second.config.seed, first.config.seed);
  EXPECT_EQ(second.model, Simulator::ModelOf(1));
}

TEST_F(RunTest, RefusesToStartTwice) {
  JoinTwo();
  Start(Plan(2), "one");
  const Status status = Start(Plan(2), "two").status;
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("run 1 is active"), std::string::npos);
  EXPECT_NE(status.message().find("abort-round"), std::string::npos);
}

TEST_F(RunTest, TakesARepeatedRequestForTheFirstOne) {
  JoinTwo();
  Start(Plan(2), "one");
  const Outcome again = Start(Plan(2), "one");
  EXPECT_TRUE(again.status.ok());
  EXPECT_TRUE(again.effects.empty());
  sim_.Apply(AbortRun{});
  EXPECT_TRUE(Start(Plan(2), "one").status.ok()) << "the run that failed is the one meant";
  EXPECT_EQ(phase(), PhaseName::kError);
  EXPECT_EQ(state().last_run, 1U);
}

TEST_F(RunTest, DoesNotTakeEmptyRequestIdsForTheSame) {
  JoinTwo();
  Start(Plan(2));
  EXPECT_FALSE(Start(Plan(2)).status.ok());
}

TEST_F(RunTest, RefusesABadPlan) {
  const Outcome outcome = Start(Plan(0));
  EXPECT_EQ(outcome.status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(state().last_run, 0U);
}

TEST_F(RunTest, NeedsAResetAfterAnError) {
  Start(Plan(2));
  sim_.Apply(AbortRun{"enough"});
  const Status status = Start(Plan(2)).status;
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("enough"), std::string::npos);
  EXPECT_NE(status.message().find("reset"), std::string::npos);
  EXPECT_TRUE(sim_.Apply(Reset{}).status.ok());
  EXPECT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_EQ(state().run->error, "aborted: enough") << "the reason is kept";
  EXPECT_TRUE(Start(Plan(2)).status.ok());
}

TEST_F(RunTest, AbortsFromEveryActivePhase) {
  JoinEvaluators({"e"});
  Start(Plan(2));
  ASSERT_EQ(phase(), PhaseName::kInitializing);
  EXPECT_TRUE(sim_.Apply(AbortRun{}).status.ok());
  EXPECT_EQ(phase(), PhaseName::kError);
  sim_.Apply(Reset{});
  JoinTwo();
  Start(Plan(2));
  ASSERT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(Notified(sim_.Apply(AbortRun{})), (std::vector<ClientId>{"a", "b"}));
  sim_.Apply(Reset{});
  Start(Plan(2));
  ReportTwo();
  ASSERT_EQ(phase(), PhaseName::kAggregating);
  EXPECT_EQ(All<DropUpdates>(sim_.Apply(AbortRun{})).size(), 1U);
  EXPECT_FALSE(FinishAggregation().status.ok());
  EXPECT_EQ(state().model, Simulator::ModelOf(0));
  sim_.Apply(Reset{});
  RunPlan plan = Plan(2);
  plan.until = "accuracy>=0.9";
  Start(plan);
  ReportTwo();
  FinishAggregation();
  ASSERT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_TRUE(sim_.Apply(AbortRun{}).status.ok());
  EXPECT_EQ(phase(), PhaseName::kError);
  EXPECT_EQ(saved(state().last_round).phase, PhaseName::kCompleted) << "the round is complete";
}

TEST_F(RunTest, RefusesAbortAndResetAtRest) {
  EXPECT_EQ(sim_.Apply(AbortRun{}).status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(sim_.Apply(Reset{}).status.code(), StatusCode::kFailedPrecondition);
}

TEST_F(RunTest, RetriesAFailedRoundWithANewIdAndTheSameTraining) {
  JoinTwo();
  RunPlan plan = Plan(2, 2);
  plan.max_retries = 1;
  Start(plan);
  const auto before = std::get<TrainAssignment>(AssignmentFor(state(), "a"));
  Fail("a");
  const Outcome outcome = Fail("b");
  ASSERT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(All<DropUpdates>(outcome).size(), 1U);
  EXPECT_EQ(saved(1).phase, PhaseName::kError);
  EXPECT_EQ(round().round, 2U);
  EXPECT_EQ(round().index_in_run, 1U);
  const auto after = std::get<TrainAssignment>(AssignmentFor(state(), "a"));
  EXPECT_EQ(after.config, before.config);
  EXPECT_EQ(after.model, before.model);
  EXPECT_EQ(after.task_id, "2:a");
  sim_.Wait(60s);
  EXPECT_EQ(phase(), PhaseName::kError) << "no retries are left";
  EXPECT_EQ(state().run->retries_used, 1U);
}

TEST_F(RunTest, RetriesAfterAFailedAggregation) {
  JoinTwo();
  RunPlan plan = Plan(2);
  plan.max_retries = 1;
  Start(plan);
  ReportTwo();
  sim_.Apply(AggregationFailed{1, "no space"});
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(saved(1).error, "the aggregation failed: no space");
  ReportTwo();
  sim_.Apply(AggregationFailed{2, "no space"});
  EXPECT_EQ(phase(), PhaseName::kError);
}

TEST_F(RunTest, RetriesAfterAMissedQuorum) {
  RunPlan plan = Plan(2);
  plan.max_retries = 2;
  Start(plan);
  sim_.Wait(130s);
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  EXPECT_EQ(round().round, 3U);
  EXPECT_EQ(round().started, Simulator::Start() + 120s);
  JoinTwo();
  EXPECT_EQ(phase(), PhaseName::kTraining);
}

TEST_F(RunTest, IgnoresAnAggregationOfAnotherRound) {
  JoinTwo();
  Start(Plan(2));
  ReportTwo();
  EXPECT_FALSE(sim_.Apply(AggregationDone{7, Simulator::ModelOf(7)}).status.ok());
  EXPECT_FALSE(sim_.Apply(AggregationFailed{7, "x"}).status.ok());
  EXPECT_EQ(phase(), PhaseName::kAggregating);
}

TEST_F(RunTest, LogsWhatAnOperatorFollows) {
  JoinTwo();
  Start(Plan(2));
  ReportTwo();
  FinishAggregation();
  sim_.Apply(ClientLeft{"a"});
  std::vector<std::string> kinds;
  for (const EventRecord& event : sim_.store().events()) {
    kinds.push_back(event.kind);
    EXPECT_EQ(event.time, sim_.now());
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"client joined", "client joined", "run started",
                                             "round started", "cohort selected", "round completed",
                                             "run completed", "client left"}));
  EXPECT_EQ(sim_.store().events()[5].round, 1U);
  EXPECT_EQ(sim_.store().events()[5].run, 1U);
}

TEST_F(RunTest, DoesNotLogAClientThatTakesOverItsSession) {
  Join({"a"});
  EXPECT_TRUE(sim_.Apply(ClientJoined{"a", {}}).effects.empty());
  EXPECT_FALSE(sim_.Apply(ClientJoined{"a", {.role = Role::kTrainer, .labels = {{"x", "y"}}}})
                   .effects.empty());
  EXPECT_EQ(sim_.Apply(ClientLeft{"x"}).status.code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace fedge::testing
