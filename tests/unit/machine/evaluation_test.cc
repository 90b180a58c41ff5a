#include <cmath>
#include <limits>

#include "machine_test.h"

namespace fedge::testing {
namespace {

class EvaluationTest : public MachineTest {
 protected:
  explicit EvaluationTest(Limits limits = {}) : MachineTest(limits) {}

  // One round of a run with one client, up to its new model.
  void PlayRound() {
    Report("a");
    FinishAggregation();
  }
  void StartRounds(std::uint32_t rounds) {
    Join({"a"});
    Start(Plan(1, rounds));
  }
  void StartUntil(const std::string& until, std::uint32_t rounds = 10) {
    Join({"a"});
    RunPlan plan = Plan(1, rounds);
    plan.until = until;
    plan.evaluation_deadline = 30s;
    Start(plan);
  }
  RoundId Assigned(const ClientId& client) const {
    const Assignment assignment = AssignmentFor(state(), client);
    const auto* const evaluate = std::get_if<EvaluateAssignment>(&assignment);
    return evaluate == nullptr ? 0 : evaluate->round;
  }
};

TEST_F(EvaluationTest, IsNotAskedForWithoutAnEvaluator) {
  StartRounds(1);
  PlayRound();
  EXPECT_TRUE(state().evaluations.empty());
  EXPECT_FALSE(saved(1).evaluation_pending);
}

TEST_F(EvaluationTest, IsOfTheNewModel) {
  JoinEvaluators({"e"});
  StartRounds(1);
  PlayRound();
  const auto assignment = std::get<EvaluateAssignment>(AssignmentFor(state(), "e"));
  EXPECT_EQ(assignment.task_id, "eval:1:e");
  EXPECT_EQ(assignment.model, Simulator::ModelOf(1));
  EXPECT_TRUE(saved(1).evaluation_pending);
  Evaluate("e", 1, 0.75);
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.75);
  EXPECT_FALSE(saved(1).evaluation_pending);
  EXPECT_EQ(Assigned("e"), 0U);
}

TEST_F(EvaluationTest, IsTheMeanWeightedByExamples) {
  JoinEvaluators({"e", "f"});
  StartRounds(1);
  PlayRound();
  Evaluate("f", 1, 0.8, 300);
  EXPECT_TRUE(saved(1).evaluation_pending);
  Evaluate("e", 1, 0.4, 100);
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.7);
  EXPECT_EQ(saved(1).evaluation.num_examples, 400U);
}

TEST_F(EvaluationTest, IsOfferedOldestFirst) {
  JoinEvaluators({"e", "f"});
  StartRounds(3);
  PlayRound();
  PlayRound();
  EXPECT_EQ(Assigned("e"), 1U);
  Evaluate("e", 1, 0.5);
  EXPECT_EQ(Assigned("e"), 2U);
  EXPECT_EQ(Assigned("f"), 1U);
  Evaluate("f", 2, 0.5);
  Evaluate("e", 2, 0.5);
  EXPECT_FALSE(saved(2).evaluation_pending) << "the second one is finished before the first";
  EXPECT_TRUE(saved(1).evaluation_pending);
}

TEST_F(EvaluationTest, DoesNotHoldUpTheRounds) {
  JoinEvaluators({"e"});
  StartRounds(3);
  for (int i = 0; i < 3; ++i) PlayRound();
  EXPECT_TRUE(state().run->ended);
  EXPECT_EQ(state().evaluations.size(), 3U);
}

TEST_F(EvaluationTest, CountsAReportOnce) {
  JoinEvaluators({"e", "f"});
  StartRounds(1);
  PlayRound();
  Evaluate("e", 1, 0.5);
  const Outcome again = Evaluate("e", 1, 0.9);
  EXPECT_TRUE(again.status.ok());
  EXPECT_TRUE(again.effects.empty());
  Evaluate("f", 1, 0.5);
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.5);
}

TEST_F(EvaluationTest, RefusesWhoWasNotAsked) {
  JoinEvaluators({"e"});
  StartRounds(1);
  PlayRound();
  EXPECT_EQ(Evaluate("a", 1, 0.5).status.code(), StatusCode::kNotFound);
  EXPECT_EQ(Evaluate("e", 2, 0.5).status.code(), StatusCode::kNotFound);
  EXPECT_EQ(sim_.Apply(EvaluationFailed{2, "e", "x"}).status.code(), StatusCode::kNotFound);
}

TEST_F(EvaluationTest, TakesAReportOnNoExamplesForAFailure) {
  JoinEvaluators({"e", "f"});
  StartRounds(1);
  PlayRound();
  Evaluate("e", 1, 0.9, 0);
  Evaluate("f", 1, 0.5, 10);
  EXPECT_EQ(saved(1).evaluation.num_examples, 10U);
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.5);
}

TEST_F(EvaluationTest, IsFinishedByThoseWhoStay) {
  JoinEvaluators({"e", "f"});
  StartRounds(1);
  PlayRound();
  Evaluate("e", 1, 0.5);
  sim_.Apply(ClientLeft{"f"});
  EXPECT_FALSE(saved(1).evaluation_pending);
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.5);
}

TEST_F(EvaluationTest, WaitsAMinuteForAnEvaluatorToComeBack) {
  JoinEvaluators({"e"});
  StartRounds(1);
  PlayRound();
  sim_.Apply(ClientLeft{"e"});
  EXPECT_EQ(NextDeadline(state()), sim_.now() + 60s);
  sim_.Wait(59s);
  EXPECT_EQ(state().evaluations.size(), 1U);
  JoinEvaluators({"f"});
  EXPECT_EQ(Assigned("f"), 1U) << "another one will do";
  sim_.Wait(120s);
  EXPECT_EQ(state().evaluations.size(), 1U) << "f is at work";
  sim_.Apply(ClientLeft{"f"});
  sim_.Wait(60s);
  EXPECT_TRUE(state().evaluations.empty());
  EXPECT_FALSE(saved(1).evaluation_pending);
  EXPECT_FALSE(saved(1).evaluation.measured());
}

TEST_F(EvaluationTest, IsDroppedWhenEveryEvaluatorFailed) {
  JoinEvaluators({"e"});
  StartRounds(1);
  PlayRound();
  sim_.Apply(EvaluationFailed{1, "e", "no data"});
  EXPECT_TRUE(state().evaluations.empty());
  EXPECT_EQ(sim_.store().events().back().message, "every evaluator failed: e: no data");
}

class BacklogTest : public EvaluationTest {
 protected:
  BacklogTest() : EvaluationTest({.max_pending_evaluations = 2}) {}
};

TEST_F(BacklogTest, DropsTheOldestEvaluation) {
  JoinEvaluators({"e"});
  StartRounds(3);
  PlayRound();
  PlayRound();
  Report("a");
  const Outcome outcome = FinishAggregation();
  ASSERT_EQ(state().evaluations.size(), 2U);
  EXPECT_EQ(Assigned("e"), 2U);
  EXPECT_FALSE(saved(1).evaluation_pending);
  EXPECT_FALSE(IsWanted(state(), "eval:1:e", "e"));
  EXPECT_FALSE(Notified(outcome).empty());
}

TEST_F(BacklogTest, KeepsWhatIsKnownOfADroppedEvaluation) {
  JoinEvaluators({"e", "f"});
  StartRounds(3);
  PlayRound();
  Evaluate("e", 1, 0.5);
  PlayRound();
  PlayRound();
  EXPECT_DOUBLE_EQ(saved(1).evaluation.accuracy, 0.5);
}

TEST_F(EvaluationTest, HoldsUpARunWithAGoal) {
  JoinEvaluators({"e"});
  StartUntil("accuracy>=0.9");
  PlayRound();
  EXPECT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_TRUE(state().run_active());
  EXPECT_EQ(PhaseDeadline(state()), sim_.now() + 30s);
  Evaluate("e", 1, 0.89);
  EXPECT_EQ(phase(), PhaseName::kTraining);
  PlayRound();
  Evaluate("e", 2, 0.9);
  EXPECT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_TRUE(state().run->goal_reached);
  EXPECT_EQ(state().run->rounds_completed, 2U);
  EXPECT_FALSE(NextDeadline(state()).has_value());
}

TEST_F(EvaluationTest, EndsARunWithAGoalAfterItsLastRound) {
  JoinEvaluators({"e"});
  StartUntil("accuracy>=0.9", 1);
  PlayRound();
  Evaluate("e", 1, 0.5);
  EXPECT_TRUE(state().run->ended);
  EXPECT_FALSE(state().run->goal_reached);
  EXPECT_EQ(state().run->error, "");
}

TEST_F(EvaluationTest, FailsARunWithAGoalIfItDoesNotArrive) {
  StartUntil("accuracy>=0.9");
  PlayRound();
  sim_.Wait(30s);
  ASSERT_EQ(phase(), PhaseName::kError);
  EXPECT_NE(state().run->error.find("--role evaluator"), std::string::npos);
  EXPECT_EQ(saved(1).phase, PhaseName::kCompleted) << "the round and its model stand";
  EXPECT_EQ(state().model, Simulator::ModelOf(1));
  EXPECT_TRUE(state().evaluations.empty());
}

TEST_F(EvaluationTest, TakesWhatIsInAtTheDeadline) {
  JoinEvaluators({"e", "f"});
  StartUntil("accuracy>=0.9");
  PlayRound();
  Evaluate("e", 1, 0.95);
  EXPECT_EQ(phase(), PhaseName::kCompleted);
  EXPECT_FALSE(state().run->ended) << "f may still report";
  sim_.Wait(30s);
  EXPECT_TRUE(state().run->goal_reached);
}

TEST_F(EvaluationTest, GoesOnWhenTheLastEvaluatorLeaves) {
  JoinEvaluators({"e", "f"});
  StartUntil("accuracy>=0.9");
  PlayRound();
  Evaluate("e", 1, 0.5);
  sim_.Apply(ClientLeft{"f"});
  EXPECT_EQ(phase(), PhaseName::kTraining);
}

TEST_F(EvaluationTest, ServesAGoalFromAnEvaluatorThatJoinsInTime) {
  StartUntil("loss<=0.5");
  PlayRound();
  sim_.Wait(29s);
  JoinEvaluators({"e"});
  EXPECT_EQ(Assigned("e"), 1U);
  Evaluate("e", 1, 0.9);
  EXPECT_TRUE(state().run->goal_reached);
}

TEST_F(EvaluationTest, IsAskedForAgainOfWhoFailedAndCameBack) {
  JoinEvaluators({"e"});
  StartUntil("accuracy>=0.9");
  PlayRound();
  sim_.Apply(EvaluationFailed{1, "e", "no data"});
  EXPECT_EQ(Assigned("e"), 0U);
  JoinEvaluators({"e"});
  EXPECT_EQ(Assigned("e"), 1U);
}

TEST_F(EvaluationTest, FailsAGoalForAnAccuracyThatTheModelDoesNotHave) {
  JoinEvaluators({"e"});
  StartUntil("accuracy>=0.9");
  PlayRound();
  Evaluate("e", 1, std::numeric_limits<double>::quiet_NaN());
  ASSERT_EQ(phase(), PhaseName::kError);
  EXPECT_NE(state().run->error.find("has no accuracy"), std::string::npos);
}

TEST_F(EvaluationTest, DoesNotReachAGoalWithALossThatIsNoNumber) {
  JoinEvaluators({"e"});
  StartUntil("loss<=1");
  PlayRound();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  sim_.Apply(EvaluationReported{1, "e", {.num_examples = 10, .loss = nan, .accuracy = 0.1}});
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_TRUE(std::isnan(saved(1).evaluation.loss));
}

TEST_F(EvaluationTest, IsWithdrawnFromAnEvaluatorThatBecomesATrainer) {
  JoinEvaluators({"e", "f"});
  StartRounds(1);
  PlayRound();
  Evaluate("f", 1, 0.5);
  Join({"e"});
  EXPECT_FALSE(saved(1).evaluation_pending);
}

}  // namespace
}  // namespace fedge::testing
