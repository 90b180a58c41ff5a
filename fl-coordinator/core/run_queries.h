#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "fedge/common/clock.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/run_state.h"

// Questions about a State. Pure; none costs more than O(log n) in the number of clients.
namespace fedge {

// What a client should work on now.
struct TrainAssignment {
  std::string task_id;
  RunId run;
  RoundId round;
  ModelRef model;
  TrainConfig config;  // seed and decayed learning rate of this round
  TimePoint deadline;
};
struct EvaluateAssignment {
  std::string task_id;
  RunId run;
  RoundId round;
  ModelRef model;
};
using Assignment = std::variant<std::monostate, TrainAssignment, EvaluateAssignment>;

// Nothing for a client that is no member, or whose task is done. The same again when it was lost.
Assignment AssignmentFor(const State& state, const ClientId& client);

// Why a client that works on this task should stop, for a person; nullopt: it should not. An
// accepted task is no reason: its answer is on the way.
std::optional<std::string> ReasonToStop(const State& state, std::string_view task_id,
                                        const ClientId& client);
inline bool IsWanted(const State& state, std::string_view task_id, const ClientId& client) {
  return !ReasonToStop(state, task_id, client).has_value();
}

// The round of the phase: the one in progress or the last one; null before the first.
const RoundRecord* CurrentRound(const State& state);

// The round whose updates the spool must keep; 0: none.
RoundId SpooledRound(const State& state);

// Whether a pause keeps the run from its next cohort: INITIALIZING only.
bool IsHeld(const State& state);

// How many clients work on a task of the current round: TRAINING only.
std::uint32_t ClientsTraining(const State& state);

// How many more clients INITIALIZING waits for, until the whole cohort is there; 0 in other phases.
std::uint32_t ClientsWaitedFor(const State& state);

// When the current phase ends without the last clients, or a run stops waiting for its evaluation;
// nullopt if it does not.
std::optional<TimePoint> PhaseDeadline(const State& state);

// When Advance wants its next Tick; nullopt if nothing depends on time. May have passed.
std::optional<TimePoint> NextDeadline(const State& state);

// The models that a client may still ask for.
std::set<Digest> ModelsInUse(const State& state);

}  // namespace fedge
