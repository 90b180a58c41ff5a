#include "fedge/coordinator/run_queries.h"

#include <algorithm>

#include <fmt/format.h>

#include "fedge/coordinator/selection.h"
#include "fedge/coordinator/task_id.h"

namespace fedge {
namespace {

const TaskRecord* FindTask(const std::map<ClientId, TaskRecord>& tasks, const ClientId& client) {
  const auto it = tasks.find(client);
  return it == tasks.end() ? nullptr : &it->second;
}

Assignment TrainAssignmentFor(const State& state, const ClientId& client) {
  const auto* const training = std::get_if<Training>(&state.phase);
  if (training == nullptr) return {};
  const TaskRecord* const task = FindTask(training->tasks, client);
  if (task == nullptr || !task->open()) return {};
  const RoundRecord& round = training->round;
  return TrainAssignment{.task_id = task->id(),
                         .run = round.run,
                         .round = round.round,
                         .model = round.base,
                         .config = TrainConfigOf(state.run->plan, round.index_in_run),
                         .deadline = training->deadline};
}

Assignment EvaluateAssignmentFor(const State& state, const ClientId& client) {
  for (const PendingEvaluation& evaluation : state.evaluations) {
    if (evaluation.waiting_for.count(client) == 0) continue;
    const RoundRecord& round = evaluation.round;
    const TaskId id{.kind = TaskId::Kind::kEvaluate, .round = round.round, .client = client};
    return EvaluateAssignment{
        .task_id = id.ToString(), .run = round.run, .round = round.round, .model = round.model};
  }
  return {};
}

std::optional<std::string> ReasonToStopEvaluating(const State& state, const TaskId& id) {
  for (const PendingEvaluation& evaluation : state.evaluations) {
    if (evaluation.round.round == id.round && evaluation.waiting_for.count(id.client) > 0) {
      return std::nullopt;
    }
  }
  return fmt::format("the evaluation of round {} is not needed any more", id.round);
}

std::optional<std::string> ReasonToStopTraining(const State& state, const TaskId& id) {
  const TaskRecord* task = nullptr;
  const auto* const training = std::get_if<Training>(&state.phase);
  if (training != nullptr && training->round.round == id.round) {
    task = FindTask(training->tasks, id.client);
  } else if (state.closed && state.closed->round.round == id.round) {
    task = FindTask(state.closed->tasks, id.client);
  } else {
    return fmt::format("round {} has ended", id.round);
  }
  if (task == nullptr) {
    return fmt::format("client '{}' was not asked for an update in round {}", id.client, id.round);
  }
  if (task->open() || task->state == TaskState::kAccepted) return std::nullopt;
  if (task->state == TaskState::kWithdrawn) {
    if (training != nullptr && training->round.round == id.round) {
      return fmt::format("round {} needs no update of client '{}' any more", id.round, id.client);
    }
    const RoundRecord& round = state.closed->round;
    if (round.phase == PhaseName::kError) {
      return fmt::format("round {} failed: {}", round.round, round.error);
    }
    return fmt::format("round {} ended with {} updates", round.round, round.num_accepted);
  }
  return fmt::format("the task has ended: {}", task->reason);
}

}  // namespace

PhaseName NameOf(const Phase& phase) {
  static_assert(std::is_same_v<std::variant_alternative_t<4, Phase>, Failed>);
  return static_cast<PhaseName>(phase.index());
}

Assignment AssignmentFor(const State& state, const ClientId& client) {
  const auto member = state.members.find(client);
  if (member == state.members.end()) return {};
  return member->second.role == Role::kTrainer ? TrainAssignmentFor(state, client)
                                               : EvaluateAssignmentFor(state, client);
}

std::optional<std::string> ReasonToStop(const State& state, std::string_view task_id,
                                        const ClientId& client) {
  const std::optional<TaskId> id = TaskId::Parse(task_id);
  if (!id || id->client != client) {
    return fmt::format("'{}' is no task of client '{}'", task_id, client);
  }
  return id->kind == TaskId::Kind::kEvaluate ? ReasonToStopEvaluating(state, *id)
                                             : ReasonToStopTraining(state, *id);
}

const RoundRecord* CurrentRound(const State& state) {
  struct Visitor {
    const RoundRecord* operator()(const Initializing& p) const { return &p.round; }
    const RoundRecord* operator()(const Training& p) const { return &p.round; }
    const RoundRecord* operator()(const Aggregating& p) const { return &p.round; }
    const RoundRecord* operator()(const Completed& p) const {
      return p.round ? &*p.round : nullptr;
    }
    const RoundRecord* operator()(const Failed& p) const { return p.round ? &*p.round : nullptr; }
  };
  return std::visit(Visitor{}, state.phase);
}

RoundId SpooledRound(const State& state) {
  if (const auto* training = std::get_if<Training>(&state.phase)) return training->round.round;
  if (const auto* aggregating = std::get_if<Aggregating>(&state.phase))
    return aggregating->round.round;
  return 0;
}

bool IsHeld(const State& state) {
  return std::holds_alternative<Initializing>(state.phase) && state.run->paused;
}

std::uint32_t ClientsTraining(const State& state) {
  const auto* const training = std::get_if<Training>(&state.phase);
  return training == nullptr ? 0 : training->num_training;
}

std::uint32_t ClientsWaitedFor(const State& state) {
  const auto* const initializing = std::get_if<Initializing>(&state.phase);
  if (initializing == nullptr) return 0;
  const std::uint32_t size = CohortSize(state.run->plan);
  return size - std::min(size, initializing->num_candidates);
}

std::optional<TimePoint> PhaseDeadline(const State& state) {
  if (IsHeld(state)) return std::nullopt;
  if (const auto* const p = std::get_if<Initializing>(&state.phase)) return p->deadline;
  if (const auto* const p = std::get_if<Training>(&state.phase)) return p->deadline;
  if (const auto* const p = std::get_if<Completed>(&state.phase)) return p->evaluation_deadline;
  return std::nullopt;
}

std::optional<TimePoint> NextDeadline(const State& state) {
  std::optional<TimePoint> next = PhaseDeadline(state);
  const auto consider = [&](const std::optional<TimePoint>& time) {
    if (time && (!next || *time < *next)) next = time;
  };
  const auto* const initializing = std::get_if<Initializing>(&state.phase);
  if (initializing != nullptr && !IsHeld(state)) consider(initializing->grace_ends);
  for (const PendingEvaluation& evaluation : state.evaluations) consider(evaluation.expires);
  return next;
}

std::set<Digest> ModelsInUse(const State& state) {
  std::set<Digest> digests{state.model.digest};
  if (state.run_active()) {
    if (const RoundRecord* const round = CurrentRound(state)) digests.insert(round->base.digest);
  }
  for (const PendingEvaluation& evaluation : state.evaluations) {
    digests.insert(evaluation.round.model.digest);
  }
  return digests;
}

}  // namespace fedge
