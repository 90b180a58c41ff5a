#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "fedge/common/clock.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/records.h"

// Where a run stands: plain values that only Advance and Resume (run_machine.h) change. Anyone may
// read a copy or, on the actor's thread, the original.
namespace fedge {

// A client that is connected now.
struct Member {
  Role role = Role::kTrainer;
  Labels labels;

  friend bool operator==(const Member&, const Member&) = default;
};

struct Initializing {
  RoundRecord round;
  TimePoint deadline;
  std::optional<TimePoint> grace_ends;  // set while a quorum is there, but not the whole cohort
  std::uint32_t num_candidates = 0;     // members that could be selected
};
struct Training {
  RoundRecord round;
  TimePoint deadline;
  std::map<ClientId, TaskRecord> tasks;  // the cohort
  std::uint32_t num_open = 0;            // tasks that are offered or in training
  std::uint32_t num_training = 0;        // of these, those that a client works on
};
struct Aggregating {
  RoundRecord round;
};
struct Completed {
  std::optional<RoundRecord> round;  // the last one, if any
  // Set while a run with `until` waits for the evaluation of its newest model.
  std::optional<TimePoint> evaluation_deadline;
};
struct Failed {
  std::optional<RoundRecord> round;
  std::string reason;
};
using Phase = std::variant<Initializing, Training, Aggregating, Completed, Failed>;
PhaseName NameOf(const Phase& phase);

// The newest round that takes no updates any more: what still arrives for it is answered and
// counted. Its record is a copy of the one in the phase or in a pending evaluation, where they hold
// the same round.
struct ClosedRound {
  RoundRecord round;
  std::map<ClientId, TaskRecord> tasks;  // its cohort; empty if it failed before one was selected
};

// An evaluation of one global model that is not finished.
struct PendingEvaluation {
  RoundRecord round;  // whose result is evaluated
  std::set<ClientId> waiting_for;
  std::map<ClientId, Metrics> reports;  // so far; not measured: that evaluator failed
  std::string last_failure;             // what it said
  std::optional<TimePoint> expires;     // set while nobody works on it
};

struct State {
  Phase phase = Completed{};
  std::optional<RunRecord> run;        // the active or the last one
  std::map<ClientId, Member> members;  // joined now; not persisted
  std::optional<ClosedRound> closed;
  std::deque<PendingEvaluation> evaluations;  // oldest first
  ModelRef model;                             // the newest global model
  // Clients whose first refusal without an open task since the newest round began is in the log;
  // later ones are only answered and counted, so that nobody can fill the log. Not persisted.
  std::set<ClientId> refusals_logged;
  RunId last_run = 0;
  RoundId last_round = 0;

  bool run_active() const { return run.has_value() && !run->ended; }
};

}  // namespace fedge
