#pragma once

#include <cstdint>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/run_events.h"
#include "fedge/coordinator/run_queries.h"
#include "fedge/coordinator/run_state.h"

// A run as a pure function: no I/O, no clock, no lock. One actor feeds it events and performs its
// effects in order: all saves of a step become durable in one transaction before anything is sent.
//
//   from           on                  to
//   COMPLETED      StartRun            INITIALIZING
//   INITIALIZING   ClientJoined, Tick  TRAINING: the cohort is there, or a quorum when the grace
//                                      is over; failed: no quorum at the deadline
//   TRAINING       updates, Tick       AGGREGATING: N accepted, or a quorum and no task is open or
//                                      the deadline is there; failed: no quorum can be reached
//   AGGREGATING    AggregationDone     COMPLETED
//   AGGREGATING    AggregationFailed   failed
//   AGGREGATING    UpdateLost          TRAINING again, with a deadline of its own, for that update
//   COMPLETED      rounds are left     INITIALIZING of the next round, once the evaluation that
//                                      `until` waits for is in
//   failed         retries are left    INITIALIZING of a new round with the same index in the run
//   failed         none is left        ERROR
//   any, active    AbortRun            ERROR
//   ERROR          Reset               COMPLETED (rest)
//
// A paused run stays in INITIALIZING, without a deadline, once it is there.
//
// One event can take the run through several of these. Where it may end up, phase by phase:
// I(NITIALIZING), T(RAINING), A(GGREGATING), C(OMPLETED), E(RROR); - where the event is refused. A
// test holds the code to this table.
//
//   event               | I     | T       | A     | C       | E
//   StartRun            | -     | -       | -     | I T     | -
//   AbortRun            | E     | E       | E     | E       | -
//   Reset               | -     | -       | -     | -       | C
//   PauseRun            | I     | T       | A     | C       | -
//   ResumeRun           | I T   | T       | A     | C       | -
//   RollBack            | -     | -       | -     | C       | E
//   Tick                | I T E | I T A E | A     | I T C E | E
//   ClientJoined        | I T   | I T A E | A     | I T C E | E
//   ClientLeft          | I     | T       | A     | I T C E | E
//   TaskDelivered       | -     | T       | -     | -       | -
//   UpdateReceived      | I     | I T A E | A     | C       | E
//   UpdateRefused       | I     | I T A E | A     | C       | E
//   TaskFailed          | -     | I T A E | -     | -       | -
//   ModelSent           | I     | T       | A     | C       | E
//   AggregationDone     | -     | -       | I T C | -       | -
//   AggregationFailed   | -     | -       | I T E | -       | -
//   UpdateLost          | -     | T       | T     | -       | -
//   EvaluationReported  | I     | T       | A     | I T C E | E
//   EvaluationFailed    | I     | T       | A     | I T C E | E
namespace fedge {

struct Limits {
  std::uint32_t max_rounds_per_run = 1'000'000;
  std::uint32_t max_clients_per_round = 100'000;
  // The most examples that one client may say it trained on; at most kMaxWeight.
  std::uint64_t max_weight = kMaxWeight;
  // With a quorum there, how long INITIALIZING waits for the rest of the cohort: at most half of
  // the time left, and no longer than until as many are there as the run's last round began with.
  Duration join_grace{5'000};
  std::uint32_t max_pending_evaluations = 16;  // at least 1
  // How long an evaluation that no run waits for outlives the last evaluator.
  Duration evaluator_grace{60'000};
};

struct Step {
  State state;
  std::vector<Effect> effects;
  // Not OK: the event was refused, the state is as it was, there are no effects. For StartRun,
  // AbortRun and Reset this is the operator's answer.
  Status status;
};

// The only way a State changes. A repeated StartRun with the request_id of the last run is OK and
// changes nothing. Hand the state over (std::move): O(log n) in the number of clients, O(n) where a
// phase begins or ends.
Step Advance(const Limits& limits, State state, const Event& event, TimePoint now);

// Continues after a restart: `state` as RestoreState made it, without members. Emits what was cut
// off (Aggregate). Deadlines stay as they were, but for a clock that was set back meanwhile: what
// is left of one is never more than the plan gives.
Step Resume(const Limits& limits, State state, TimePoint now);

// All problems of a plan at once, joined with "; ". `until` is parsed.
Status ValidatePlan(const Limits& limits, const RunPlan& plan);

}  // namespace fedge
