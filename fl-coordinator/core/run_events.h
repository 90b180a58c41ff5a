#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "fedge/common/training.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/run_state.h"

// What happens to a run, and what it asks the actor to do.
namespace fedge {

// ---- Events ----
struct StartRun {
  RunPlan plan;
  std::string request_id;
};
struct AbortRun {
  std::string reason;
};
struct Reset {};
// From now on no cohort is selected, until ResumeRun.
struct PauseRun {};
struct ResumeRun {};
// This kept model becomes the global model.
struct RollBack {
  ModelRef model;
};
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
  Refusal refusal;
};
// The client says that it has no update.
struct TaskFailed {
  RoundId round;
  ClientId client;
  std::string reason;
};
// Bytes of the round's base model went out to a client. Saved with the next change of the round.
struct ModelSent {
  RoundId round;
  std::uint64_t bytes;
};
struct AggregationDone {
  RoundId round;
  ModelRef model;
};
struct AggregationFailed {
  RoundId round;
  std::string reason;
};
// The bytes of an accepted update are gone or damaged: the client is asked for it again.
struct UpdateLost {
  RoundId round;
  ClientId client;
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
using Event = std::variant<StartRun, AbortRun, Reset, PauseRun, ResumeRun, RollBack, Tick,
                           ClientJoined, ClientLeft, TaskDelivered, UpdateReceived, UpdateRefused,
                           TaskFailed, ModelSent, AggregationDone, AggregationFailed, UpdateLost,
                           EvaluationReported, EvaluationFailed>;

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
// This is the global model from now on: a round's result, or an older one again.
struct SaveModel {
  ModelRef model;
};
// What this client is owed has changed, not by its own doing: look again (AssignmentFor,
// ReasonToStop) and answer its parked poll.
struct Notify {
  ClientId client;
};
// The answer to an UpdateReceived or UpdateRefused of this client: one for each.
struct AnswerUpdate {
  RoundId round;
  ClientId client;
  TaskState outcome;  // kAccepted, kRefused, kLate, kSurplus
  std::string reason;
  RefusalCode refusal = RefusalCode::kNone;
  bool stored = false;  // a saved task names the update's extent; if not, nothing needs the extent
};
// Compute the round's global model from its accepted tasks, in (client, task) order.
struct Aggregate {
  RoundRecord round;
};
// The round's updates are not needed any more.
struct DropUpdates {
  RoundId round;
};
using Effect = std::variant<SaveRun, SaveRound, SaveTask, SaveEvent, SaveModel, Notify,
                            AnswerUpdate, Aggregate, DropUpdates>;

}  // namespace fedge
