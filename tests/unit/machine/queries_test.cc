#include "fedge/coordinator/run_queries.h"
#include "machine_test.h"

namespace fedge::testing {
namespace {

class QueriesTest : public MachineTest {
 protected:
  std::string ReasonFor(const std::string& task_id, const ClientId& client) {
    return ReasonToStop(state(), task_id, client).value_or("go on");
  }
};

TEST_F(QueriesTest, AnOpenOrAcceptedTaskIsWanted) {
  Join({"a", "b"});
  Start(Plan(2));
  EXPECT_TRUE(IsWanted(state(), "1:a", "a"));
  sim_.Apply(TaskDelivered{1, "a"});
  EXPECT_TRUE(IsWanted(state(), "1:a", "a"));
  Report("a");
  EXPECT_TRUE(IsWanted(state(), "1:a", "a")) << "its answer is on the way";
  Report("b");
  EXPECT_TRUE(IsWanted(state(), "1:b", "b"));
}

TEST_F(QueriesTest, SaysWhyATaskIsNotWanted) {
  RunPlan plan = Plan(2, 3);
  plan.over_select = 2;
  Join({"a", "b", "c", "d"});
  Start(plan);
  Refuse("c");
  EXPECT_EQ(ReasonFor("1:c", "c"), "the task has ended: it is nan");
  Report("a");
  Report("b");
  EXPECT_EQ(ReasonFor("1:d", "d"), "round 1 ended with 2 updates");
  FinishAggregation();
  EXPECT_EQ(ReasonFor("1:d", "d"), "round 1 ended with 2 updates");
  EXPECT_EQ(ReasonFor("2:x", "x"), "client 'x' was not asked for an update in round 2");
  EXPECT_EQ(ReasonFor("2:a", "b"), "'2:a' is no task of client 'b'");
  EXPECT_EQ(ReasonFor("rubbish", "b"), "'rubbish' is no task of client 'b'");
  EXPECT_EQ(ReasonFor("9:a", "a"), "round 9 has ended");
  sim_.Apply(AbortRun{"enough"});
  EXPECT_EQ(ReasonFor("2:a", "a"), "round 2 failed: aborted: enough");
  EXPECT_EQ(ReasonFor("1:d", "d"), "round 1 has ended");
}

TEST_F(QueriesTest, AnEvaluationIsWantedWhileItIsOwed) {
  Join({"a"});
  JoinEvaluators({"e", "f"});
  Start(Plan(1));
  Report("a");
  FinishAggregation();
  EXPECT_TRUE(IsWanted(state(), "eval:1:e", "e"));
  EXPECT_FALSE(IsWanted(state(), "1:e", "e"));
  EXPECT_FALSE(IsWanted(state(), "eval:1:a", "a"));
  Evaluate("e", 1, 0.5);
  EXPECT_FALSE(IsWanted(state(), "eval:1:e", "e"));
  EXPECT_TRUE(IsWanted(state(), "eval:1:f", "f"));
}

TEST_F(QueriesTest, OnlyMembersAreAssignedWork) {
  Join({"a"});
  Start(Plan(1));
  EXPECT_TRUE(std::holds_alternative<TrainAssignment>(AssignmentFor(state(), "a")));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(AssignmentFor(state(), "b")));
  Report("a");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(AssignmentFor(state(), "a")));
}

TEST_F(QueriesTest, KnowsTheModelsThatClientsMayFetch) {
  const auto digest = [](RoundId round) { return Simulator::ModelOf(round).digest; };
  EXPECT_EQ(ModelsInUse(state()), (std::set<Digest>{digest(0)}));
  Join({"a"});
  JoinEvaluators({"e"});
  Start(Plan(1, 3));
  Report("a");
  FinishAggregation();
  Report("a");
  FinishAggregation();
  EXPECT_EQ(ModelsInUse(state()), (std::set<Digest>{digest(1), digest(2)}));
  Evaluate("e", 1, 0.5);
  EXPECT_EQ(ModelsInUse(state()), (std::set<Digest>{digest(2)}));
}

TEST_F(QueriesTest, KnowsWhenSomethingIsDue) {
  EXPECT_FALSE(NextDeadline(state()).has_value());
  Join({"a", "b"});
  RunPlan plan = Plan(3);
  plan.min_clients = 1;
  Start(plan);
  EXPECT_EQ(NextDeadline(state()), sim_.now() + 5s) << "the grace";
  EXPECT_EQ(PhaseDeadline(state()), sim_.now() + 60s);
  Join({"c"});
  EXPECT_EQ(NextDeadline(state()), sim_.now() + 60s);
  for (const char* client : {"a", "b", "c"}) Report(client);
  EXPECT_FALSE(NextDeadline(state()).has_value()) << "an aggregation takes as long as it takes";
}

TEST_F(QueriesTest, ATickBeforeItsTimeChangesNothing) {
  Join({"a", "b"});
  Start(Plan(2));
  const std::string before = FullText(state());
  EXPECT_TRUE(sim_.Apply(Tick{}).effects.empty());
  EXPECT_EQ(FullText(state()), before);
}

TEST_F(QueriesTest, NamesArePrintedAsOperatorsKnowThem) {
  EXPECT_EQ(Name(PhaseName::kInitializing), "INITIALIZING");
  EXPECT_EQ(Name(PhaseName::kTraining), "TRAINING");
  EXPECT_EQ(Name(PhaseName::kAggregating), "AGGREGATING");
  EXPECT_EQ(Name(PhaseName::kCompleted), "COMPLETED");
  EXPECT_EQ(Name(PhaseName::kError), "ERROR");
  EXPECT_EQ(Name(TaskState::kWithdrawn), "withdrawn");
  EXPECT_EQ(Name(TaskState::kSurplus), "surplus");
  EXPECT_EQ(NameOf(Phase(Initializing{})), PhaseName::kInitializing);
  EXPECT_EQ(NameOf(Phase(Training{})), PhaseName::kTraining);
  EXPECT_EQ(NameOf(Phase(Aggregating{})), PhaseName::kAggregating);
  EXPECT_EQ(NameOf(Phase(Completed{})), PhaseName::kCompleted);
  EXPECT_EQ(NameOf(Phase(Failed{})), PhaseName::kError);
}

}  // namespace
}  // namespace fedge::testing
