#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"

// The run of DESIGN as a pure function: no I/O, no clock, no lock. One actor feeds it events and performs its effects in
// order: all saves of a step become durable in one transaction before anything is sent.
//
//   phase         event                 next
//   COMPLETED     StartRun              INITIALIZING
//   INITIALIZING  ClientJoined, Tick    TRAINING when the cohort is there; ERROR at the deadline without a quorum
//   TRAINING      UpdateReceived, Tick  AGGREGATING with N updates, when no task is open any more, or at the deadline
//                                       with a quorum; ERROR without one
//   AGGREGATING   AggregationDone       COMPLETED, or INITIALIZING of the run's next round
//   AGGREGATING   AggregationFailed     ERROR, or INITIALIZING again while the run has retries left
//   any but rest  AbortRun              ERROR
//   ERROR         Reset                 COMPLETED (rest)
namespace fedge {

struct Limits {
  std::uint32_t max_rounds_per_run = 1'000'000;
  std::uint32_t max_clients_per_round = 100'000;
  // With a quorum there, how long INITIALIZING waits for the rest of the cohort.
  Duration join_grace{5'000};
  std::uint32_t max_pending_evaluations = 16;
};

struct Member {
  Role role = Role::kTrainer;
  Labels labels;
};

struct Initializing {
  RoundRecord round;
  TimePoint deadline;
  std::optional<TimePoint> grace_ends;  // set once a quorum is there
};
struct Training {
  RoundRecord round;
  TimePoint deadline;
  std::map<ClientId, TaskRecord> tasks;  // the cohort
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

// An evaluation of one global model that is not finished.
struct PendingEvaluation {
  RoundRecord round;  // whose result is evaluated
  std::set<ClientId> waiting_for;
  Metrics sum;  // weighted mean of the reports so far
};

struct State {
  Phase phase = Completed{};
  std::optional<RunRecord> run;  // the active or the last one
  std::map<ClientId, Member> members;  // joined now; not persisted
  std::deque<PendingEvaluation> evaluations;  // oldest first
  ModelRef model;  // the newest global model
  RunId last_run = 0;
  RoundId last_round = 0;

  bool run_active() const { return run.has_value() && !run->ended; }
};

// ---- Events ----
struct StartRun {
  RunPlan plan;
  std::string request_id;
};
struct AbortRun {
  std::string reason;
};
struct Reset {};
struct Tick {};
struct ClientJoined {
  ClientId client;
  Member member;
};
struct ClientLeft {
  ClientId client;
};
struct TaskDelivered {
  RoundId round;
  ClientId client;
};
// The whole update is in the spool, checked and durable.
struct UpdateReceived {
  RoundId round;
  ClientId client;
  TrainResult result;
  Extent extent;
};
// The update was malformed; nothing of it is kept.
struct UpdateRefused {
  RoundId round;
  ClientId client;
  std::string reason;
};
// The client says that it has no update.
struct TaskFailed {
  RoundId round;
  ClientId client;
  std::string reason;
};
struct AggregationDone {
  RoundId round;
  ModelRef model;
};
struct AggregationFailed {
  RoundId round;
  std::string reason;
};
struct EvaluationReported {
  RoundId round;
  ClientId client;
  Metrics metrics;
};
struct EvaluationFailed {
  RoundId round;
  ClientId client;
  std::string reason;
};
using Event = std::variant<StartRun, AbortRun, Reset, Tick, ClientJoined, ClientLeft, TaskDelivered, UpdateReceived,
                           UpdateRefused, TaskFailed, AggregationDone, AggregationFailed, EvaluationReported,
                           EvaluationFailed>;

// ---- Effects ----
// To be made durable, in one transaction per step, before the rest.
struct SaveRun {
  RunRecord run;
};
struct SaveRound {
  RoundRecord round;
};
struct SaveTask {
  TaskRecord task;
};
struct SaveEvent {
  EventRecord event;
};
// The round's result is the global model from now on.
struct SaveModel {
  ModelRef model;
};
// What this client is owed has changed: look again (AssignmentFor) and answer its parked poll.
struct Notify {
  ClientId client;
};
// The answer to an UpdateReceived or UpdateRefused of this client.
struct AnswerUpdate {
  RoundId round;
  ClientId client;
  TaskState outcome;  // kAccepted, kRefused, kLate, kSurplus
  std::string reason;
};
// Compute the round's global model from its accepted tasks, in (client, task) order.
struct Aggregate {
  RoundRecord round;
};
// The round's updates are not needed any more.
struct DropUpdates {
  RoundId round;
};
using Effect = std::variant<SaveRun, SaveRound, SaveTask, SaveEvent, SaveModel, Notify, AnswerUpdate, Aggregate, DropUpdates>;

struct Step {
  State state;
  std::vector<Effect> effects;
  // Not OK: the event was refused, the state is as it was. For StartRun, AbortRun and Reset this is the operator's answer.
  Status status;
};

// The only way a State changes. A repeated StartRun with the request_id of the last run is OK and changes nothing.
Step Advance(const Limits& limits, State state, const Event& event, TimePoint now);

// Continues after a restart: `state` as the store loaded it, without members. Emits what was cut off (Aggregate, ...).
Step Resume(const Limits& limits, State state, TimePoint now);

// When Advance wants its next Tick; nullopt if nothing depends on time.
std::optional<TimePoint> NextDeadline(const State& state);

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
  std::string task_id;  // "eval:<round>:<client>"
  RunId run;
  RoundId round;
  ModelRef model;
};
using Assignment = std::variant<std::monostate, TrainAssignment, EvaluateAssignment>;
Assignment AssignmentFor(const State& state, const ClientId& client);

// How many more clients INITIALIZING waits for; 0 in other phases.
std::uint32_t ClientsWaitedFor(const State& state);

// All problems of a plan at once, joined with "; ". `until` is parsed.
Status ValidatePlan(const Limits& limits, const RunPlan& plan);

}  // namespace fedge
