#include "machine_test.h"

namespace fedge::testing {
namespace {

class InitializingTest : public MachineTest {};

TEST_F(InitializingTest, BeginsAtOnceWhenTheCohortIsThere) {
  Join({"a", "b", "c"});
  const Outcome outcome = Start(Plan(3));
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(round().num_selected, 3U);
  EXPECT_EQ(Notified(outcome), (std::vector<ClientId>{"a", "b", "c"}));
  EXPECT_EQ(All<SaveTask>(outcome).size(), 3U);
}

TEST_F(InitializingTest, WaitsForTheCohort) {
  Join({"a"});
  Start(Plan(3));
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  EXPECT_EQ(ClientsWaitedFor(state()), 2U);
  Join({"b"});
  EXPECT_EQ(ClientsWaitedFor(state()), 1U);
  sim_.Wait(59s);
  Join({"c"});
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(ClientsWaitedFor(state()), 0U);
}

TEST_F(InitializingTest, DoesNotCountAClientTwice) {
  Start(Plan(2));
  Join({"a", "a", "a"});
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  EXPECT_EQ(ClientsWaitedFor(state()), 1U);
}

TEST_F(InitializingTest, DoesNotCountWhoLeft) {
  Start(Plan(2));
  Join({"a"});
  sim_.Apply(ClientLeft{"a"});
  Join({"b"});
  EXPECT_EQ(phase(), PhaseName::kInitializing);
}

TEST_F(InitializingTest, CountsWhatAClientIsNow) {
  RunPlan plan = Plan(2);
  plan.where = {{"site", "eu"}};
  Start(plan);
  Join({"a"}, {{"site", "eu"}});
  Join({"a"}, {{"site", "us"}});
  EXPECT_EQ(ClientsWaitedFor(state()), 2U);
  Join({"a"}, {{"site", "eu"}});
  EXPECT_EQ(ClientsWaitedFor(state()), 1U);
  JoinEvaluators({"a"});
  EXPECT_EQ(ClientsWaitedFor(state()), 2U);
}

TEST_F(InitializingTest, WaitsForTheOverSelectedCohortDuringTheGrace) {
  RunPlan plan = Plan(2);
  plan.over_select = 1.5;
  Join({"a", "b"});
  Start(plan);
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  EXPECT_EQ(NextDeadline(state()), sim_.now() + 5s);
  sim_.Wait(4s);
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  sim_.Wait(1s);
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(round().num_selected, 2U);
}

TEST_F(InitializingTest, BeginsInTheGraceWhenTheRestComes) {
  RunPlan plan = Plan(3);
  plan.min_clients = 1;
  Join({"a"});
  Start(plan);
  sim_.Wait(3s);
  Join({"b", "c"});
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(round().num_selected, 3U);
}

TEST_F(InitializingTest, StartsTheGraceAnewWhenTheQuorumWasLost) {
  RunPlan plan = Plan(3);
  plan.min_clients = 1;
  Join({"a"});
  Start(plan);
  sim_.Wait(4s);
  sim_.Apply(ClientLeft{"a"});
  EXPECT_EQ(NextDeadline(state()), round().started + plan.deadline);
  sim_.Wait(4s);
  Join({"b"});
  sim_.Wait(4s);
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  sim_.Wait(1s);
  EXPECT_EQ(phase(), PhaseName::kTraining);
}

TEST_F(InitializingTest, TakesAtMostHalfOfTheTimeLeftForTheGrace) {
  RunPlan plan = Plan(3);
  plan.min_clients = 1;
  plan.deadline = 4s;
  Join({"a"});
  Start(plan);
  sim_.Wait(2s);
  EXPECT_EQ(phase(), PhaseName::kTraining);
  EXPECT_EQ(PhaseDeadline(state()), sim_.now() + 2s);
}

TEST_F(InitializingTest, WaitsForALostClientOnce) {
  RunPlan plan = Plan(3, 4);
  plan.min_clients = 2;
  Join({"a", "b", "c"});
  Start(plan);
  Report("a");
  Report("b");
  Fail("c");
  sim_.Apply(ClientLeft{"c"});
  FinishAggregation();
  EXPECT_EQ(phase(), PhaseName::kInitializing);
  sim_.Wait(5s);
  ASSERT_EQ(phase(), PhaseName::kTraining);
  Report("a");
  Report("b");
  FinishAggregation();
  EXPECT_EQ(phase(), PhaseName::kTraining) << "at once: c had its grace";
}

TEST_F(InitializingTest, WaitsTheGraceInANewRun) {
  RunPlan plan = Plan(3);
  plan.min_clients = 2;
  Join({"a", "b"});
  for (int run = 0; run < 2; ++run) {
    Start(plan);
    EXPECT_EQ(phase(), PhaseName::kInitializing);
    sim_.Wait(5s);
    Report("a");
    Report("b");
    FinishAggregation();
  }
}

TEST_F(InitializingTest, FailsWhenQuorumIsMissedAtTheDeadline) {
  RunPlan plan = Plan(5);
  plan.min_clients = 3;
  Join({"a", "b"});
  Start(plan);
  sim_.Wait(60s);
  ASSERT_EQ(phase(), PhaseName::kError);
  const std::string& error = state().run->error;
  EXPECT_NE(error.find("2 of the 3 clients"), std::string::npos) << error;
  EXPECT_NE(error.find("60 s"), std::string::npos) << error;
  EXPECT_NE(error.find("--min-clients"), std::string::npos) << error;
  EXPECT_EQ(saved(1).phase, PhaseName::kError);
  EXPECT_EQ(saved(1).error, error);
  EXPECT_EQ(state().model, Simulator::ModelOf(0));
}

TEST_F(InitializingTest, TellsHowManyLackTheLabels) {
  RunPlan plan = Plan(2);
  plan.where = {{"site", "eu"}};
  Join({"a", "b", "c"}, {{"site", "us"}});
  Join({"d"}, {{"site", "eu"}});
  JoinEvaluators({"e"});
  Start(plan);
  sim_.Wait(60s);
  EXPECT_NE(state().run->error.find("3 more lack the labels"), std::string::npos)
      << state().run->error;
}

TEST_F(InitializingTest, SelectsOnlyClientsWithTheLabels) {
  RunPlan plan = Plan(2);
  plan.where = {{"site", "eu"}};
  Join({"a", "b"}, {{"site", "us"}});
  Join({"c", "d"}, {{"site", "eu"}});
  const Outcome outcome = Start(plan);
  EXPECT_EQ(Notified(outcome), (std::vector<ClientId>{"c", "d"}));
}

TEST_F(InitializingTest, SelectsTheSameCohortHoweverTheClientsJoined) {
  const auto cohort = [](std::initializer_list<const char*> order) {
    Simulator simulator;
    for (const char* client : order) simulator.Apply(ClientJoined{client, {}});
    return Notified(simulator.Apply(StartRun{Plan(3), ""}));
  };
  const std::vector<ClientId> first = cohort({"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(cohort({"f", "e", "d", "c", "b", "a"}), first);
  EXPECT_EQ(cohort({"c", "a", "f", "b", "e", "d"}), first);
}

TEST_F(InitializingTest, SelectsAnewInEveryRound) {
  Join({"a", "b", "c", "d", "e", "f", "g", "h"});
  Start(Plan(2, 20));
  std::set<ClientId> seen;
  for (int i = 0; i < 20; ++i) {
    const auto& tasks = std::get<Training>(state().phase).tasks;
    std::vector<ClientId> cohort;
    for (const auto& [client, task] : tasks) cohort.push_back(client);
    for (const ClientId& client : cohort) {
      seen.insert(client);
      Report(client);
    }
    FinishAggregation();
  }
  EXPECT_EQ(seen.size(), 8U);
}

}  // namespace
}  // namespace fedge::testing
