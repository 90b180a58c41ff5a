#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/coordinator/run_machine.h"
#include "fedge/scenario/memory_store.h"

namespace fedge::testing {

struct Outcome {
  Status status;
  std::vector<Effect> effects;
};

// A coordinator without anything around the run machine: a clock that moves when told, a store in
// memory. Every step is held to the machine's invariants, and to being restored as it is; what is
// broken fails the running test.
class Simulator {
 public:
  // kNone: for many steps that other tests check.
  enum class Checks { kAll, kNone };
  explicit Simulator(Limits limits = {}, Checks checks = Checks::kAll);

  Outcome Apply(const Event& event);
  // Ticks whenever the machine asked for it on the way, as the actor does, and at the end.
  void Wait(Duration time, const std::function<void(const Outcome&)>& on_step = {});
  // Time passes while the coordinator is down.
  void Sleep(Duration time) { now_ += time; }
  // Whether RestoreState was content; members are gone.
  Outcome Restart();

  const State& state() const { return state_; }
  const MemoryStore& store() const { return store_; }
  TimePoint now() const { return now_; }
  static TimePoint Start() { return TimePoint(Duration(1'700'000'000'000)); }
  // The reference of the model that a round would have.
  static ModelRef ModelOf(RoundId round);

 private:
  void CheckStep(const Event& event, const std::string& before, const Outcome& outcome) const;
  void CheckNotified(const Event& event, const std::map<ClientId, std::string>& before,
                     const Outcome& outcome) const;
  void CheckRestored() const;

  Limits limits_;
  Checks checks_;
  State state_;
  MemoryStore store_;
  TimePoint now_ = Start();
};

// What is wrong with a state, one line each; empty if nothing is.
std::vector<std::string> BrokenInvariants(const Limits& limits, const State& state);

}  // namespace fedge::testing
