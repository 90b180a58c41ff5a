#pragma once

#include <cstdint>
#include <functional>

#include "fedge/common/random.h"
#include "fedge/coordinator/run_machine.h"
#include "fedge/scenario/simulator.h"

namespace fedge::testing {

// Draws events that a few clients, operators and networks might cause: mostly sensible in the state
// they meet, often not. The same seed and states give the same events.
class EventSource {
 public:
  explicit EventSource(std::uint64_t seed) : random_(seed) {}

  Event Next(const State& state);
  Duration Pause();
  // True once in a while.
  bool Chance(std::uint64_t one_in) { return random_.Below(one_in) == 0; }

 private:
  ClientId Client();
  ClientId AnyOf(const std::map<ClientId, TaskRecord>& tasks);
  RoundId Round(const State& state);
  Metrics Measurement();
  RunPlan Plan();
  ClientId ComingOrGoing(const State& state);
  Event Join(const State& state);
  Event Update(const State& state);
  Event Evaluation(const State& state);
  Event Operator(const State& state);

  Random random_;
};

// Limits with which every rule is met within a few events.
Limits TightLimits();

// Plays `steps` random events, with restarts now and then, and tells `observer` of each.
struct Observation {
  PhaseName before;
  const Event& event;
  const Outcome& outcome;
  PhaseName after;
};
void PlayRandomly(std::uint64_t seed, int steps, Simulator& simulator,
                  const std::function<void(const Observation&)>& observer);

}  // namespace fedge::testing
