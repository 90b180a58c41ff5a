#include <cmath>
#include <limits>

#include "machine_test.h"

namespace fedge::testing {
namespace {

class TrainingTest : public MachineTest {
 protected:
  // In TRAINING with these five.
  void Begin(RunPlan plan) {
    Join({"a", "b", "c", "d", "e"});
    Start(plan);
    ASSERT_EQ(phase(), PhaseName::kTraining);
  }
  static RunPlan FiveWithQuorum(std::uint32_t min_clients) {
    RunPlan plan = Plan(5);
    plan.min_clients = min_clients;
    return plan;
  }
  const Training& training() const { return std::get<Training>(state().phase); }
};

TEST_F(TrainingTest, EndsWithTheLastUpdateWanted) {
  Begin(Plan(5));
  for (const char* client : {"a", "b", "c", "d"})
    EXPECT_EQ(AnswerOf(Report(client)), TaskState::kAccepted);
  EXPECT_EQ(phase(), PhaseName::kTraining);
  const Outcome outcome = Report("e");
  EXPECT_EQ(AnswerOf(outcome), TaskState::kAccepted);
  EXPECT_EQ(phase(), PhaseName::kAggregating);
  ASSERT_EQ(All<Aggregate>(outcome).size(), 1U);
  EXPECT_EQ(All<Aggregate>(outcome)[0].round.num_accepted, 5U);
}

TEST_F(TrainingTest, KeepsWhatCameWithAnUpdate) {
  Begin(Plan(5));
  TrainResult result = Examples(600);
  result.train_seconds = 1.5;
  const Outcome outcome = Report("b", 0, result);
  EXPECT_TRUE(All<AnswerUpdate>(outcome)[0].stored);
  EXPECT_EQ(task(1, "b").state, TaskState::kAccepted);
  EXPECT_EQ(task(1, "b").result.num_examples, 600U);
  EXPECT_EQ(task(1, "b").result.train_seconds, 1.5);
  EXPECT_EQ(task(1, "b").extent.size, 100U);
  EXPECT_EQ(saved(1).num_accepted, 1U);
  EXPECT_EQ(saved(1).num_examples, 600U);
  EXPECT_EQ(saved(1).bytes_up, 100U);
}

TEST_F(TrainingTest, WithdrawsTheRestOfTheCohort) {
  RunPlan plan = Plan(2);
  plan.over_select = 2;
  Join({"a", "b", "c", "d"});
  Start(plan);
  Report("b");
  const Outcome outcome = Report("d");
  EXPECT_EQ(phase(), PhaseName::kAggregating);
  EXPECT_EQ(Notified(outcome), (std::vector<ClientId>{"a", "c"}));
  EXPECT_EQ(task(1, "a").state, TaskState::kWithdrawn);
  EXPECT_EQ(task(1, "c").state, TaskState::kWithdrawn);
}

TEST_F(TrainingTest, EndsAtTheDeadlineWithAQuorum) {
  Begin(FiveWithQuorum(2));
  Report("a");
  Report("b");
  sim_.Wait(59s);
  EXPECT_EQ(phase(), PhaseName::kTraining);
  sim_.Wait(1s);
  EXPECT_EQ(phase(), PhaseName::kAggregating);
  EXPECT_EQ(round().aggregation_started, round().started + 60s);
}

TEST_F(TrainingTest, NeedsHalfOfTheClientsIfThePlanNamesNoQuorum) {
  Begin(Plan(5));
  Report("a");
  Report("b");
  sim_.Wait(60s);
  EXPECT_EQ(phase(), PhaseName::kError);
  sim_.Apply(Reset{});
  Start(Plan(5));
  for (const char* client : {"a", "b", "c"}) Report(client);
  sim_.Wait(60s);
  EXPECT_EQ(phase(), PhaseName::kAggregating);
}

TEST_F(TrainingTest, FailsAtTheDeadlineWithoutAQuorum) {
  Begin(FiveWithQuorum(3));
  Report("a");
  Refuse("b");
  Fail("c");
  const Outcome outcome = [&] {
    Outcome last;
    sim_.Wait(60s, [&](const Outcome& step) {
      if (!step.effects.empty()) last = step;
    });
    return last;
  }();
  ASSERT_EQ(phase(), PhaseName::kError);
  EXPECT_EQ(Notified(outcome), (std::vector<ClientId>{"d", "e"}));
  EXPECT_EQ(All<DropUpdates>(outcome).size(), 1U);
  const std::string& error = state().run->error;
  for (const char* part : {"1 of the 3 updates", "1 refused", "1 client failed",
                           "2 clients did not report", "b for instance: it is nan"}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
}

TEST_F(TrainingTest, FailsAsSoonAsNoQuorumCanBeReached) {
  Begin(FiveWithQuorum(4));
  Refuse("a");
  EXPECT_EQ(phase(), PhaseName::kTraining);
  const Outcome outcome = Fail("b");
  EXPECT_EQ(phase(), PhaseName::kError);
  EXPECT_EQ(Notified(outcome), (std::vector<ClientId>{"c", "d", "e"}));
}

TEST_F(TrainingTest, EndsWithAQuorumOnceNoTaskIsOpen) {
  Begin(FiveWithQuorum(3));
  Report("a");
  Refuse("b");
  Report("c");
  Fail("d");
  EXPECT_EQ(phase(), PhaseName::kTraining);
  Report("e");
  EXPECT_EQ(phase(), PhaseName::kAggregating);
}

TEST_F(TrainingTest, CountsARepeatedUpdateOnce) {
  Begin(Plan(5));
  Report("a");
  const Extent extent = task(1, "a").extent;
  const Outcome again = Report("a");
  EXPECT_EQ(AnswerOf(again), TaskState::kAccepted);
  EXPECT_FALSE(All<AnswerUpdate>(again)[0].stored);
  EXPECT_EQ(again.effects.size(), 1U);
  EXPECT_EQ(round().num_accepted, 1U);
  EXPECT_EQ(round().num_examples, 10U);
  EXPECT_EQ(task(1, "a").extent, extent);
}

TEST_F(TrainingTest, KeepsAnAcceptedUpdateWhateverFollows) {
  Begin(Plan(5));
  Report("a");
  EXPECT_EQ(AnswerOf(Refuse("a")), TaskState::kRefused);
  EXPECT_FALSE(Fail("a").status.ok());
  EXPECT_EQ(task(1, "a").state, TaskState::kAccepted);
  EXPECT_EQ(round().num_refused, 0U);
}

TEST_F(TrainingTest, RefusesAWeightThatCannotBeAveragedWith) {
  Begin(Plan(5));
  for (const std::uint64_t examples :
       {std::uint64_t{0}, kMaxWeight + 1, std::numeric_limits<std::uint64_t>::max()}) {
    const char* const client = examples == 0 ? "a" : "b";
    EXPECT_EQ(AnswerOf(Report(client, 0, Examples(examples))), TaskState::kRefused);
  }
  EXPECT_EQ(AnswerOf(Report("c", 0, Examples(kMaxWeight))), TaskState::kAccepted);
  EXPECT_EQ(AnswerOf(Report("d", 0, Examples(1))), TaskState::kAccepted);
  EXPECT_NE(task(1, "a").reason.find("0 examples"), std::string::npos);
  EXPECT_EQ(round().num_refused, 2U);
}

TEST_F(TrainingTest, RefusesAnUpdateOfAClientOutsideTheCohort) {
  Begin(Plan(5));
  Join({"x"});
  const Outcome outcome = Report("x");
  EXPECT_EQ(AnswerOf(outcome), TaskState::kRefused);
  EXPECT_NE(All<AnswerUpdate>(outcome)[0].reason.find("not asked"), std::string::npos);
  EXPECT_EQ(saved(1).num_refused, 1U);
  EXPECT_EQ(All<SaveEvent>(outcome).size(), 1U);
  EXPECT_TRUE(All<SaveEvent>(Report("x")).empty()) << "a stranger could fill the log";
  EXPECT_EQ(saved(1).num_refused, 2U);
  EXPECT_EQ(training().num_open, 5U);
}

TEST_F(TrainingTest, RefusesAnUpdateForARoundThatIsNotThere) {
  Begin(Plan(5));
  EXPECT_EQ(AnswerOf(Report("a", 2)), TaskState::kRefused);
  EXPECT_EQ(AnswerOf(sim_.Apply(UpdateReceived{0, "a", Examples(1), {}})), TaskState::kRefused);
  EXPECT_EQ(training().num_open, 5U);
}

TEST_F(TrainingTest, TellsARefusedClientWhyItsTaskIsOver) {
  Begin(Plan(5));
  Refuse("a");
  const Outcome outcome = Report("a");
  EXPECT_EQ(AnswerOf(outcome), TaskState::kRefused);
  EXPECT_NE(All<AnswerUpdate>(outcome)[0].reason.find("it is nan"), std::string::npos);
  EXPECT_EQ(round().num_refused, 1U);
}

TEST_F(TrainingTest, KeepsTheTaskOfALostClient) {
  Begin(Plan(5));
  sim_.Apply(TaskDelivered{1, "a"});
  EXPECT_EQ(ClientsTraining(state()), 1U);
  sim_.Apply(ClientLeft{"a"});
  EXPECT_EQ(ClientsTraining(state()), 0U);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(AssignmentFor(state(), "a")));
  Join({"a"});
  EXPECT_TRUE(std::holds_alternative<TrainAssignment>(AssignmentFor(state(), "a")));
  EXPECT_EQ(AnswerOf(Report("a")), TaskState::kAccepted);
}

TEST_F(TrainingTest, AcceptsTheUpdateOfAClientThatIsGone) {
  Begin(Plan(5));
  sim_.Apply(ClientLeft{"a"});
  EXPECT_EQ(AnswerOf(Report("a")), TaskState::kAccepted);
}

TEST_F(TrainingTest, GivesNoTaskToWhoJoinsLater) {
  Begin(Plan(5));
  Join({"f"});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(AssignmentFor(state(), "f")));
  EXPECT_EQ(training().num_open, 5U);
}

TEST_F(TrainingTest, DeliversATaskOnce) {
  Begin(Plan(5));
  EXPECT_TRUE(sim_.Apply(TaskDelivered{1, "a"}).status.ok());
  EXPECT_TRUE(sim_.Apply(TaskDelivered{1, "a"}).status.ok());
  EXPECT_EQ(ClientsTraining(state()), 1U);
  EXPECT_FALSE(sim_.Apply(TaskDelivered{1, "x"}).status.ok());
  EXPECT_FALSE(sim_.Apply(TaskDelivered{2, "a"}).status.ok());
  Report("a");
  EXPECT_EQ(ClientsTraining(state()), 0U);
  EXPECT_FALSE(sim_.Apply(TaskDelivered{1, "a"}).status.ok());
}

TEST_F(TrainingTest, CountsTheBytesOfTheModelSent) {
  Begin(Plan(5));
  sim_.Apply(ModelSent{1, 1000});
  sim_.Apply(ModelSent{1, 500});
  EXPECT_EQ(round().bytes_down, 1500U);
  EXPECT_FALSE(sim_.Apply(ModelSent{7, 1}).status.ok());
  for (const char* client : {"a", "b", "c", "d", "e"}) Report(client);
  sim_.Apply(ModelSent{1, 10});
  FinishAggregation();
  EXPECT_EQ(saved(1).bytes_down, 1510U);
}

TEST_F(TrainingTest, SummarizesWhatTheClientsMeasured) {
  Begin(FiveWithQuorum(3));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  TrainResult result = Examples(1);
  result.before = {.num_examples = 100, .loss = 2, .accuracy = 0.1};
  result.after = {.num_examples = 100, .loss = 1, .accuracy = 0.5};
  Report("a", 0, result);
  result.after = {.num_examples = 300, .loss = 2, .accuracy = nan};
  Report("b", 0, result);
  result.after = {.num_examples = 100, .loss = nan, .accuracy = 0.9};
  result.train_seconds = nan;
  Report("c", 0, result);
  Fail("d");
  Fail("e");
  ASSERT_EQ(phase(), PhaseName::kAggregating);
  EXPECT_DOUBLE_EQ(saved(1).train_before.loss, 2);
  EXPECT_DOUBLE_EQ(saved(1).train_after.loss, 1.75);
  EXPECT_DOUBLE_EQ(saved(1).train_after.accuracy, 0.7);
  EXPECT_EQ(saved(1).train_after.num_examples, 500U);
  EXPECT_EQ(task(1, "c").result.train_seconds, 0);
}

TEST_F(TrainingTest, SummarizesTheSameWhateverTheOrderOfArrival) {
  const auto summary = [](std::initializer_list<const char*> order) {
    Simulator simulator;
    for (const char* client : {"a", "b", "c"}) simulator.Apply(ClientJoined{client, {}});
    simulator.Apply(StartRun{Plan(3), ""});
    for (const char* client : order) {
      TrainResult result = Examples(3);
      result.after = {.num_examples = 3, .loss = 0.1 * client[0], .accuracy = 1.0 / client[0]};
      simulator.Apply(UpdateReceived{1, client, result, {}});
    }
    return CurrentRound(simulator.state())->train_after;
  };
  const Metrics first = summary({"a", "b", "c"});
  const Metrics second = summary({"c", "a", "b"});
  EXPECT_EQ(first.loss, second.loss);
  EXPECT_EQ(first.accuracy, second.accuracy);
}

TEST_F(TrainingTest, KeepsAReasonWithinBounds) {
  Begin(Plan(5));
  std::string reason = "x";
  while (reason.size() < 100'000) reason += "\u00e4";
  sim_.Apply(TaskFailed{1, "a", reason});
  sim_.Apply(UpdateRefused{1, "b", {RefusalCode::kNotFinite, reason}});
  EXPECT_LE(task(1, "a").reason.size(), 504U);
  EXPECT_TRUE(task(1, "a").reason.ends_with("\u00e4 ...")) << "cut between characters";
  EXPECT_EQ(task(1, "b").reason, task(1, "a").reason);
}

TEST_F(TrainingTest, FailsTheTaskOfAClientThatComesBackInAnotherRole) {
  Begin(FiveWithQuorum(1));
  const auto joined = sim_.Apply(ClientJoined{"a", {.role = Role::kEvaluator, .labels = {}}});
  EXPECT_EQ(task(1, "a").state, TaskState::kFailed);
  EXPECT_EQ(training().num_open, 4U);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(AssignmentFor(state(), "a")));
}

}  // namespace
}  // namespace fedge::testing
