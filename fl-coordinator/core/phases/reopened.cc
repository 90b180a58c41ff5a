#include <utility>

#include <fmt/format.h>

#include "fedge/common/result.h"
#include "fedge/coordinator/phases/phases.h"

namespace fedge::machine {
namespace {

Result<TaskRecord*> RequireAccepted(std::map<ClientId, TaskRecord>& tasks, const RoundRecord& round,
                                    const UpdateLost& event) {
  const auto it = tasks.find(event.client);
  if (event.round == round.round && it != tasks.end() && it->second.state == TaskState::kAccepted) {
    return &it->second;
  }
  return NotFound("client '{}' has no accepted update in round {}", event.client, event.round);
}

// What the round counted of the update is taken back but for its bytes, which did come in.
void Reopen(StepContext& step, RoundRecord& round, TaskRecord& task, const std::string& reason) {
  --round.num_accepted;
  round.num_examples -= task.result.num_examples;
  round.phase = PhaseName::kTraining;
  round.aggregation_started = step.now;
  round.train_before = {};
  round.train_after = {};
  task.state = TaskState::kOffered;
  task.reason = fmt::format("asked for again: {}", Clipped(reason));
  task.result = {};
  task.extent = {};
  task.updated = step.now;
  step.Emit(SaveTask{task});
  step.Emit(SaveRound{round});
  step.Emit(Notify{task.client});
  step.Log("update lost", About(round, task.client), task.reason);
}

}  // namespace

Status ReopenTask(StepContext& step, Training& phase, const UpdateLost& event) {
  FEDGE_ASSIGN_OR_RETURN(TaskRecord* const task, RequireAccepted(phase.tasks, phase.round, event));
  Reopen(step, phase.round, *task, event.reason);
  ++phase.num_open;
  step.state.closed.reset();
  phase.deadline = step.now + step.plan().deadline;
  return OkStatus();
}

Status ReopenTask(StepContext& step, Aggregating& phase, const UpdateLost& event) {
  ClosedRound& closed = *step.state.closed;
  FEDGE_ASSIGN_OR_RETURN(TaskRecord* const task, RequireAccepted(closed.tasks, phase.round, event));
  Reopen(step, phase.round, *task, event.reason);
  Training training{.round = std::move(phase.round),
                    .deadline = step.now + step.plan().deadline,
                    .tasks = std::move(closed.tasks),
                    .num_open = 1,
                    .num_training = 0};
  step.state.closed.reset();
  step.state.phase = std::move(training);
  return OkStatus();
}

}  // namespace fedge::machine
