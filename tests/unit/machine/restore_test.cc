#include "fedge/coordinator/restore.h"

#include <functional>

#include "machine_test.h"

namespace fedge::testing {
namespace {

// That RestoreState brings everything back is checked after every step of every test here
// (Simulator); these are about what it does besides.
class RestoreTest : public MachineTest {
 protected:
  SavedState SavedInTraining() {
    Join({"a", "b", "c"});
    Start(Plan(3, 2));
    Report("a");
    return sim_.store().Load();
  }
};

TEST_F(RestoreTest, OfAnEmptyStoreIsANewCoordinator) {
  SavedState saved;
  saved.model = Simulator::ModelOf(0);
  const Result<State> state = RestoreState(saved);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(NameOf(state->phase), PhaseName::kCompleted);
  EXPECT_EQ(state->model, Simulator::ModelOf(0));
  EXPECT_FALSE(state->run.has_value());
}

TEST_F(RestoreTest, DoesNotDependOnTheOrderOfTheRecords) {
  Join({"a", "b", "c"});
  JoinEvaluators({"e"});
  RunPlan plan = Plan(2, 4);
  plan.over_select = 1.5;
  Start(plan);
  for (int i = 0; i < 3; ++i) {
    for (const char* client : {"a", "b", "c"}) Report(client);
    FinishAggregation();
  }
  SavedState saved = sim_.store().Load();
  SavedState reversed = saved;
  std::reverse(reversed.rounds.begin(), reversed.rounds.end());
  std::reverse(reversed.tasks.begin(), reversed.tasks.end());
  ASSERT_GE(saved.rounds.size(), 3U);
  EXPECT_EQ(PersistedText(*RestoreState(saved)), PersistedText(*RestoreState(reversed)));
}

TEST_F(RestoreTest, OffersAgainWhatWasInTraining) {
  SavedState saved = SavedInTraining();
  for (TaskRecord& task : saved.tasks) {
    if (task.state == TaskState::kOffered) task.state = TaskState::kTraining;
  }
  const Result<State> state = RestoreState(saved);
  ASSERT_TRUE(state.ok());
  const auto& training = std::get<Training>(state->phase);
  EXPECT_EQ(training.num_open, 2U);
  EXPECT_EQ(training.num_training, 0U);
  EXPECT_EQ(training.tasks.at("b").state, TaskState::kOffered);
}

TEST_F(RestoreTest, ResumesAnAggregation) {
  Join({"a"});
  Start(Plan(1));
  Report("a");
  const Outcome outcome = sim_.Restart();
  ASSERT_EQ(All<Aggregate>(outcome).size(), 1U);
  EXPECT_EQ(All<Aggregate>(outcome)[0].round.round, 1U);
  FinishAggregation();
  EXPECT_TRUE(state().run->ended);
}

TEST_F(RestoreTest, ResumesNothingAtRest) {
  EXPECT_TRUE(sim_.Restart().effects.empty());
  Join({"a"});
  Start(Plan(1));
  Report("a");
  FinishAggregation();
  EXPECT_TRUE(sim_.Restart().effects.empty());
}

TEST_F(RestoreTest, KeepsTheDeadline) {
  SavedInTraining();
  const auto deadline = PhaseDeadline(state());
  sim_.Sleep(300s);
  sim_.Restart();
  EXPECT_EQ(PhaseDeadline(state()), deadline);
  EXPECT_LT(NextDeadline(state()), sim_.now());
  sim_.Apply(Tick{});
  EXPECT_EQ(phase(), PhaseName::kError);
}

TEST_F(RestoreTest, GivesEvaluationsAMinuteForTheEvaluatorsToComeBack) {
  Join({"a"});
  JoinEvaluators({"e"});
  Start(Plan(1));
  Report("a");
  FinishAggregation();
  sim_.Sleep(300s);
  sim_.Restart();
  EXPECT_EQ(state().evaluations.size(), 1U);
  EXPECT_EQ(NextDeadline(state()), sim_.now() + 60s);
  sim_.Wait(60s);
  EXPECT_TRUE(state().evaluations.empty());
}

// A store never writes these; a damaged or foreign file may hold them.
struct Contradiction {
  const char* names;
  std::function<void(SavedState&)> make;

  friend void PrintTo(const Contradiction& self, std::ostream* out) { *out << self.names; }
};

class ContradictionTest : public RestoreTest,
                          public ::testing::WithParamInterface<Contradiction> {};

TEST_P(ContradictionTest, IsDataLoss) {
  SavedState saved = SavedInTraining();
  ASSERT_TRUE(RestoreState(saved).ok());
  GetParam().make(saved);
  const Result<State> state = RestoreState(saved);
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.status().code(), StatusCode::kDataLoss);
  EXPECT_NE(state.status().message().find(GetParam().names), std::string::npos)
      << state.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Records, ContradictionTest,
    ::testing::Values(
        Contradiction{"run 1, which is not there", [](SavedState& s) { s.run.reset(); }},
        Contradiction{"run 2, which is not there", [](SavedState& s) { s.rounds[0].run = 2; }},
        Contradiction{"has no round", [](SavedState& s) { s.rounds.clear(); }},
        Contradiction{"has no round", [](SavedState& s) { s.run->run = 2; }},
        Contradiction{"round 1 is there twice",
                      [](SavedState& s) { s.rounds.push_back(s.rounds[0]); }},
        Contradiction{"is to be evaluated",
                      [](SavedState& s) { s.rounds[0].evaluation_pending = true; }},
        Contradiction{"has ended in ERROR",
                      [](SavedState& s) { s.rounds[0].phase = PhaseName::kError; }},
        Contradiction{"has ended in COMPLETED",
                      [](SavedState& s) { s.rounds[0].phase = PhaseName::kCompleted; }},
        Contradiction{"round 1 is in TRAINING", [](SavedState& s) { s.run->ended = true; }},
        Contradiction{"plan of run 1", [](SavedState& s) { s.run->plan.until = "soon"; }},
        Contradiction{"plan of run 1", [](SavedState& s) { s.run->plan.over_select = 1e300; }}));

}  // namespace
}  // namespace fedge::testing
