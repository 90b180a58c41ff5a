#include "random_events.h"

#include <string>

#include <gtest/gtest.h>

#include "fedge/scenario/state_text.h"

namespace fedge::testing {
namespace {

// The invariants themselves are in the Simulator, which checks them after every step: counters that
// match the tasks, never more than N updates, no aggregation without a quorum, no effect of a
// refused event, exactly one answer per update, a deadline whenever a run waits, and a state that
// comes back the same from what was saved.
TEST(RandomEventsTest, KeepTheInvariants) {
  for (std::uint64_t seed = 1; seed <= 40 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Simulator simulator(TightLimits());
    PlayRandomly(seed, 300, simulator, [](const Observation&) {});
  }
}

std::string Transcript(std::uint64_t seed) {
  Simulator simulator(TightLimits());
  std::string transcript;
  PlayRandomly(seed, 300, simulator, [&](const Observation& step) {
    transcript += EventName(step.event) + " " + step.outcome.status.ToString() + "\n";
    for (const Effect& effect : step.outcome.effects) transcript += EffectText(effect) + "\n";
  });
  return transcript + FullText(simulator.state());
}

TEST(RandomEventsTest, GiveTheSameEffectsAgain) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(Transcript(seed), Transcript(seed));
}

TEST(RandomEventsTest, DifferFromSeedToSeed) { EXPECT_NE(Transcript(1), Transcript(2)); }

// Whatever happened before: if nobody does anything any more but the aggregator, every run ends.
TEST(RandomEventsTest, LeaveARunThatEndsByItself) {
  int active = 0;
  for (std::uint64_t seed = 1; seed <= 200 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Simulator simulator(TightLimits());
    PlayRandomly(seed, 60, simulator, [](const Observation&) {});
    active += simulator.state().run_active() ? 1 : 0;
    if (simulator.state().run_active()) simulator.Apply(ResumeRun{});
    for (int i = 0; i < 20 && simulator.state().run_active(); ++i) {
      if (const auto* const phase = std::get_if<Aggregating>(&simulator.state().phase)) {
        const RoundId round = phase->round.round;
        simulator.Apply(AggregationDone{round, Simulator::ModelOf(round)});
      } else {
        simulator.Wait(Duration(40'000));
      }
    }
    EXPECT_FALSE(simulator.state().run_active()) << FullText(simulator.state());
  }
  EXPECT_GT(active, 50) << "the events above hardly leave a run to end";
}

// The model only ever moves from one completed round's to the next one's, or back by the operator.
TEST(RandomEventsTest, ChangeTheModelOnlyByCompletedRoundsAndRollBacks) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Simulator simulator(TightLimits());
    RoundId model = 0;
    PlayRandomly(seed, 300, simulator, [&](const Observation& step) {
      const RoundId now = simulator.state().model.round;
      if (now == model) return;
      if (!std::holds_alternative<RollBack>(step.event)) {
        EXPECT_TRUE(std::holds_alternative<AggregationDone>(step.event));
        EXPECT_EQ(simulator.store().rounds().at(now).phase, PhaseName::kCompleted);
        EXPECT_EQ(simulator.store().rounds().at(now).base.round, model);
      }
      model = now;
    });
    EXPECT_EQ(simulator.store().Load().model, simulator.state().model);
  }
}

}  // namespace
}  // namespace fedge::testing
