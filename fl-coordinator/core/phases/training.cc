#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fedge/common/result.h"
#include "fedge/coordinator/phases/closed_round.h"
#include "fedge/coordinator/phases/members.h"
#include "fedge/coordinator/phases/phases.h"
#include "fedge/coordinator/selection.h"

namespace fedge::machine {
namespace {

// The client's task if it is open, or null.
TaskRecord* FindOpen(Training& phase, const ClientId& client) {
  const auto it = phase.tasks.find(client);
  return it != phase.tasks.end() && it->second.open() ? &it->second : nullptr;
}

// Too few updates came: how many, and what became of the others, for an operator.
std::string QuorumMissed(StepContext& step, const Training& phase, std::string_view when) {
  const RoundRecord& round = phase.round;
  std::string text = fmt::format("{} of the {} updates needed {}", round.num_accepted,
                                 QuorumToEnd(step.plan()), when);
  if (round.num_refused > 0) text += fmt::format("; {} refused", round.num_refused);
  if (round.num_failed > 0) text += "; " + Plural(round.num_failed, "client") + " failed";
  if (phase.num_open > 0) text += "; " + Plural(phase.num_open, "client") + " did not report";
  const auto told = std::find_if(phase.tasks.begin(), phase.tasks.end(),
                                 [](const auto& entry) { return !entry.second.reason.empty(); });
  if (told != phase.tasks.end()) {
    text += fmt::format("; {} for instance: {}", told->first, told->second.reason);
  }
  return text;
}

// After a task was closed: ends the round if nothing can change its end any more.
void EndTrainingIfDone(StepContext& step, Training& phase) {
  const std::uint32_t accepted = phase.round.num_accepted;
  const std::uint32_t quorum = QuorumToEnd(step.plan());
  if (accepted >= step.plan().num_clients || (phase.num_open == 0 && accepted >= quorum)) {
    BeginAggregating(step);
  } else if (accepted + phase.num_open < quorum) {
    FailRound(step, QuorumMissed(step, phase, "are in, and too few can follow"), Retry::kIfLeft);
  } else {
    step.Emit(SaveRound{phase.round});
  }
}

void CloseTask(StepContext& step, Training& phase, TaskRecord& task, TaskState state,
               Refusal refusal = {}) {
  if (task.state == TaskState::kTraining) --phase.num_training;
  --phase.num_open;
  task.state = state;
  task.reason = std::move(refusal.reason);
  task.refusal = refusal.code;
  task.updated = step.now;
  step.Emit(SaveTask{task});
  if (state == TaskState::kRefused) {
    ++phase.round.num_refused;
    step.Log("update refused", About(phase.round, task.client),
             Described({task.refusal, task.reason}));
  } else if (state == TaskState::kFailed) {
    ++phase.round.num_failed;
    step.Log("task failed", About(phase.round, task.client), task.reason);
  }
}

void Accept(StepContext& step, Training& phase, TaskRecord& task, const UpdateReceived& event) {
  task.result = Sanitized(event.result);
  task.extent = event.extent;
  CloseTask(step, phase, task, TaskState::kAccepted);
  ++phase.round.num_accepted;
  phase.round.num_examples += event.result.num_examples;
  phase.round.bytes_up += event.extent.size;
  step.Emit(AnswerUpdate{.round = event.round,
                         .client = event.client,
                         .outcome = TaskState::kAccepted,
                         .reason = {},
                         .refusal = RefusalCode::kNone,
                         .stored = true});
}

// What came in for the round.
struct Arrival {
  const ClientId& client;
  std::uint64_t bytes;  // of it, in the spool
  Refusal refusal;      // why it is refused; none: it is not
};

// For a client whose task is not open: it has answered before, or was never asked.
void AnswerWithoutTask(StepContext& step, Training& phase, const Arrival& arrival) {
  const RoundId round = phase.round.round;
  const auto it = phase.tasks.find(arrival.client);
  if (it == phase.tasks.end()) {
    ++phase.round.num_refused;
    phase.round.bytes_up += arrival.bytes;
    step.Emit(SaveRound{phase.round});
    RefuseWithoutTask(step, round, arrival.client, NotAsked(arrival.client, round));
  } else if (it->second.state == TaskState::kAccepted && !arrival.refusal) {
    step.Answer(round, arrival.client, TaskState::kAccepted);
  } else if (!arrival.refusal && it->second.state == TaskState::kWithdrawn) {
    // The round is in TRAINING again, for others.
    step.Answer(
        round, arrival.client, TaskState::kSurplus,
        fmt::format("round {} needs no update of client '{}' any more", round, arrival.client));
  } else if (!arrival.refusal &&
             (it->second.state == TaskState::kLate || it->second.state == TaskState::kSurplus)) {
    step.Answer(round, arrival.client, it->second.state, it->second.reason);
  } else {
    const Refusal refusal = arrival.refusal ? arrival.refusal : AnsweredBefore(it->second);
    if (refusal.code == RefusalCode::kDuplicate) {
      ++phase.round.num_refused;
      step.Emit(SaveRound{phase.round});
    }
    RefuseWithoutTask(step, round, arrival.client, refusal);
  }
}

void Refuse(StepContext& step, Training& phase, const Arrival& arrival) {
  TaskRecord* const task = FindOpen(phase, arrival.client);
  if (task == nullptr) return AnswerWithoutTask(step, phase, arrival);
  phase.round.bytes_up += arrival.bytes;
  step.Answer(phase.round.round, arrival.client, arrival.refusal);
  CloseTask(step, phase, *task, TaskState::kRefused, arrival.refusal);
  EndTrainingIfDone(step, phase);
}

Status OnUpdate(StepContext& step, Training& phase, const UpdateReceived& event) {
  if (event.round != phase.round.round) {
    AnswerClosed(step, event);
    return OkStatus();
  }
  const Arrival arrival{event.client, event.extent.size,
                        CheckWeight(event.result.num_examples, step.limits.max_weight)};
  TaskRecord* const task = FindOpen(phase, event.client);
  if (task == nullptr) {
    AnswerWithoutTask(step, phase, arrival);
  } else if (arrival.refusal) {
    Refuse(step, phase, arrival);
  } else {
    Accept(step, phase, *task, event);
    EndTrainingIfDone(step, phase);
  }
  return OkStatus();
}

Status OnRefusal(StepContext& step, Training& phase, const UpdateRefused& event) {
  if (event.round != phase.round.round) {
    AnswerClosed(step, event);
  } else {
    Refuse(step, phase, {event.client, 0, RefusalOf(event)});
  }
  return OkStatus();
}

// An open task of this round, for events that need one.
Result<TaskRecord*> RequireOpen(Training& phase, RoundId round, const ClientId& client) {
  TaskRecord* const task = round == phase.round.round ? FindOpen(phase, client) : nullptr;
  if (task == nullptr) return NotFound("client '{}' has no open task in round {}", client, round);
  return task;
}

Status OnDelivery(Training& phase, const TaskDelivered& event) {
  FEDGE_ASSIGN_OR_RETURN(TaskRecord* const task, RequireOpen(phase, event.round, event.client));
  if (task->state == TaskState::kOffered) ++phase.num_training;
  task->state = TaskState::kTraining;
  return OkStatus();
}

Status OnFailure(StepContext& step, Training& phase, const TaskFailed& event) {
  FEDGE_ASSIGN_OR_RETURN(TaskRecord* const task, RequireOpen(phase, event.round, event.client));
  CloseTask(step, phase, *task, TaskState::kFailed, {RefusalCode::kNone, Clipped(event.reason)});
  EndTrainingIfDone(step, phase);
  return OkStatus();
}

// A lost client's task stays open, and is offered again when the client comes back.
void OfferAgain(Training& phase, const ClientId& client) {
  TaskRecord* const task = FindOpen(phase, client);
  if (task == nullptr || task->state != TaskState::kTraining) return;
  task->state = TaskState::kOffered;
  --phase.num_training;
}

Status OnJoin(StepContext& step, Training& phase, const ClientJoined& event) {
  AddMember(step, event);
  TaskRecord* const task = FindOpen(phase, event.client);
  if (task != nullptr && event.member.role != Role::kTrainer) {
    CloseTask(step, phase, *task, TaskState::kFailed,
              {RefusalCode::kNone, "the client came back as an evaluator"});
    EndTrainingIfDone(step, phase);
  } else {
    OfferAgain(phase, event.client);
  }
  return OkStatus();
}

Status OnLeave(StepContext& step, Training& phase, const ClientLeft& event) {
  if (!RemoveMember(step, event)) return NoMember(event.client);
  OfferAgain(phase, event.client);
  return OkStatus();
}

Status OnTick(StepContext& step, Training& phase) {
  if (step.now < phase.deadline) return OkStatus();
  if (phase.round.num_accepted >= QuorumToEnd(step.plan())) {
    BeginAggregating(step);
  } else {
    const std::string when = fmt::format("arrived within {}", SecondsText(step.plan().deadline));
    FailRound(step, QuorumMissed(step, phase, when), Retry::kIfLeft);
  }
  return OkStatus();
}

}  // namespace

void BeginTraining(StepContext& step) {
  Initializing& before = std::get<Initializing>(step.state.phase);
  const RunRecord& run = step.run();
  Training phase;
  phase.round = std::move(before.round);
  phase.deadline = before.deadline;
  const Draw draw{.seed = run.plan.train.seed,
                  .index_in_run = phase.round.index_in_run,
                  .retry = run.retries_used};
  for (ClientId& client : SelectCohort(step.state.members, run.plan, draw)) {
    TaskRecord task;
    task.round = phase.round.round;
    task.client = client;
    task.updated = step.now;
    step.Emit(SaveTask{task});
    step.Emit(Notify{client});
    phase.tasks.emplace_hint(phase.tasks.end(), std::move(client), std::move(task));
  }
  phase.num_open = static_cast<std::uint32_t>(phase.tasks.size());
  phase.round.phase = PhaseName::kTraining;
  phase.round.num_selected = phase.num_open;
  phase.round.training_started = step.now;
  step.Emit(SaveRound{phase.round});
  step.Log("cohort selected", About(phase.round),
           fmt::format("{} of {} clients", phase.num_open, before.num_candidates));
  step.state.phase = std::move(phase);
}

Status On(StepContext& step, Training& phase, const Event& event) {
  return std::visit(Overloaded{
                        [&](const ClientJoined& e) { return OnJoin(step, phase, e); },
                        [&](const ClientLeft& e) { return OnLeave(step, phase, e); },
                        [&](const TaskDelivered& e) { return OnDelivery(phase, e); },
                        [&](const UpdateReceived& e) { return OnUpdate(step, phase, e); },
                        [&](const UpdateRefused& e) { return OnRefusal(step, phase, e); },
                        [&](const TaskFailed& e) { return OnFailure(step, phase, e); },
                        [&](const UpdateLost& e) { return ReopenTask(step, phase, e); },
                        [&](const Tick&) { return OnTick(step, phase); },
                        [&](const AbortRun& e) {
                          FailRound(step, AbortReason(e), Retry::kNever);
                          return OkStatus();
                        },
                        [&](const auto&) { return OnInAnyPhase(step, event); },
                    },
                    event);
}

}  // namespace fedge::machine
