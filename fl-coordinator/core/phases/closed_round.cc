#include "fedge/coordinator/phases/closed_round.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace fedge::machine {
namespace {

constexpr std::size_t kMaxRefusalsLogged = 10'000;

// The record in the phase, if the phase's round is closed.
RoundRecord* ClosedInPhase(Phase& phase) {
  return std::visit(Overloaded{
                        [](Initializing&) -> RoundRecord* { return nullptr; },
                        [](Training&) -> RoundRecord* { return nullptr; },
                        [](Aggregating& p) -> RoundRecord* { return &p.round; },
                        [](auto& p) -> RoundRecord* { return p.round ? &*p.round : nullptr; },
                    },
                    phase);
}

// An update that came too late for its round.
struct Arrival {
  RoundId round;
  const ClientId& client;
  std::uint64_t bytes;  // of it, in the spool
  Refusal refusal;      // why it is refused anyway; none: it is not
};

TaskState OutcomeOf(const Arrival& arrival, const RoundRecord& round) {
  if (arrival.refusal) return TaskState::kRefused;
  return round.num_accepted >= round.num_wanted ? TaskState::kSurplus : TaskState::kLate;
}

std::string ReasonOf(TaskState outcome, const Arrival& arrival, const RoundRecord& round) {
  if (outcome == TaskState::kRefused) return arrival.refusal.reason;
  if (outcome == TaskState::kSurplus) {
    return fmt::format("round {} has {} already, and needs no more", round.round,
                       Plural(round.num_accepted, "update"));
  }
  if (round.phase == PhaseName::kError) {
    return fmt::format("round {} had failed before this update arrived: {}", round.round,
                       round.error);
  }
  return fmt::format("round {} had ended before this update arrived", round.round);
}

void Count(TaskState outcome, RoundRecord& round) {
  if (outcome == TaskState::kRefused) ++round.num_refused;
  if (outcome == TaskState::kLate) ++round.num_late;
  if (outcome == TaskState::kSurplus) ++round.num_surplus;
}

// The first update for a withdrawn task.
void CountArrival(StepContext& step, TaskRecord& task, const Arrival& arrival) {
  const RoundRecord& round = step.state.closed->round;
  task.state = OutcomeOf(arrival, round);
  task.reason = ReasonOf(task.state, arrival, round);
  task.refusal = arrival.refusal.code;
  task.updated = step.now;
  step.Emit(SaveTask{task});
  AmendClosed(step, arrival.round, [&](RoundRecord& record) {
    Count(task.state, record);
    record.bytes_up += arrival.bytes;
  });
  if (task.state != TaskState::kSurplus) {
    const bool late = task.state == TaskState::kLate;
    step.Log(late ? "update late" : "update refused", About(round, task.client),
             late ? task.reason : Described(arrival.refusal));
  }
  if (arrival.refusal) return step.Answer(arrival.round, task.client, arrival.refusal);
  step.Answer(arrival.round, task.client, task.state, task.reason);
}

void AnswerForNewestClosed(StepContext& step, const Arrival& arrival) {
  ClosedRound& closed = *step.state.closed;
  const auto it = closed.tasks.find(arrival.client);
  if (it == closed.tasks.end()) {
    AmendClosed(step, arrival.round, [&](RoundRecord& record) {
      ++record.num_refused;
      record.bytes_up += arrival.bytes;
    });
    RefuseWithoutTask(step, arrival.round, arrival.client, NotAsked(arrival.client, arrival.round));
    return;
  }
  TaskRecord& task = it->second;
  if (task.state == TaskState::kWithdrawn) return CountArrival(step, task, arrival);
  if (task.state == TaskState::kAccepted && !arrival.refusal) {
    step.Answer(arrival.round, arrival.client, TaskState::kAccepted);
  } else if (task.state == TaskState::kLate || task.state == TaskState::kSurplus) {
    step.Answer(arrival.round, arrival.client, task.state, task.reason);
  } else {
    RefuseWithoutTask(step, arrival.round, arrival.client,
                      arrival.refusal ? arrival.refusal : AnsweredBefore(task));
  }
}

void AnswerArrival(StepContext& step, const Arrival& arrival) {
  const State& state = step.state;
  if (state.closed && state.closed->round.round == arrival.round) {
    AnswerForNewestClosed(step, arrival);
  } else if (arrival.round == 0 || arrival.round > state.last_round) {
    RefuseWithoutTask(step, arrival.round, arrival.client,
                      {RefusalCode::kRound, fmt::format("there is no round {}; the newest is {}",
                                                        arrival.round, state.last_round)});
  } else if (arrival.round == state.last_round) {
    RefuseWithoutTask(step, arrival.round, arrival.client,
                      {RefusalCode::kRound,
                       fmt::format("round {} has not asked for updates yet", arrival.round)});
  } else if (arrival.refusal) {
    RefuseWithoutTask(step, arrival.round, arrival.client, arrival.refusal);
  } else {
    step.Answer(
        arrival.round, arrival.client, TaskState::kLate,
        fmt::format("round {} ended long ago; the newest is {}", arrival.round, state.last_round));
  }
}

// Why a task is no longer open though its client did not answer.
std::string WhyWithdrawn(const RoundRecord& round) {
  if (round.phase == PhaseName::kError) return "no answer before the round failed";
  if (round.num_accepted < round.num_wanted) return "no answer by the deadline";
  return fmt::format("no answer before {} were there", Plural(round.num_accepted, "update"));
}

// Whether the round had updates that nothing needs any more.
bool IsDropped(const State& state, RoundId round) {
  const RoundRecord* const current = CurrentRound(state);
  const bool ended = state.closed && round <= state.closed->round.round;
  return ended && !(std::holds_alternative<Aggregating>(state.phase) && current->round == round);
}

}  // namespace

void CloseRound(StepContext& step, const RoundRecord& round, std::map<ClientId, TaskRecord> tasks) {
  for (auto& [client, task] : tasks) {
    if (!task.open()) continue;
    task.state = TaskState::kWithdrawn;
    task.reason = WhyWithdrawn(round);
    task.updated = step.now;
    step.Emit(SaveTask{task});
    step.Emit(Notify{client});
  }
  step.state.closed = ClosedRound{.round = round, .tasks = std::move(tasks)};
}

bool AmendClosed(StepContext& step, RoundId round, const std::function<void(RoundRecord&)>& change,
                 bool save) {
  State& state = step.state;
  const RoundRecord* amended = nullptr;
  const auto amend = [&](RoundRecord* record) {
    if (record == nullptr || record->round != round) return;
    change(*record);
    amended = record;
  };
  amend(ClosedInPhase(state.phase));
  amend(state.closed ? &state.closed->round : nullptr);
  for (PendingEvaluation& evaluation : state.evaluations) amend(&evaluation.round);
  if (amended != nullptr && save) step.Emit(SaveRound{*amended});
  return amended != nullptr;
}

void AnswerClosed(StepContext& step, const UpdateReceived& event) {
  AnswerArrival(step, {.round = event.round,
                       .client = event.client,
                       .bytes = event.extent.size,
                       .refusal = CheckWeight(event.result.num_examples, step.limits.max_weight)});
  // Its bytes may have brought a segment back that was dropped with the round.
  if (IsDropped(step.state, event.round)) step.Emit(DropUpdates{event.round});
}

void AnswerClosed(StepContext& step, const UpdateRefused& event) {
  AnswerArrival(
      step,
      {.round = event.round, .client = event.client, .bytes = 0, .refusal = RefusalOf(event)});
}

TrainResult Sanitized(TrainResult result) {
  if (!std::isfinite(result.train_seconds) || result.train_seconds < 0) result.train_seconds = 0;
  return result;
}

Refusal NotAsked(const ClientId& client, RoundId round) {
  return {RefusalCode::kNotAsked,
          fmt::format("client '{}' was not asked for an update in round {}", client, round)};
}

Refusal AnsweredBefore(const TaskRecord& task) {
  if (task.refusal != RefusalCode::kNone) return {task.refusal, task.reason};
  return {RefusalCode::kDuplicate, fmt::format("the task has ended: {}", task.reason)};
}

std::string Described(const Refusal& refusal) {
  return fmt::format("{} (refusal={})", refusal.reason, Name(refusal.code));
}

void RefuseWithoutTask(StepContext& step, RoundId round, const ClientId& client,
                       const Refusal& refusal) {
  std::set<ClientId>& logged = step.state.refusals_logged;
  if (logged.size() < kMaxRefusalsLogged && logged.insert(client).second) {
    step.Log("update refused", {.run = step.state.last_run, .round = round, .client = client},
             Described(refusal));
  }
  step.Answer(round, client, refusal);
}

Refusal RefusalOf(const UpdateRefused& event) {
  return {event.refusal.code, Clipped(event.refusal.reason)};
}

}  // namespace fedge::machine
