#include "fedge/coordinator/restore.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace fedge {
namespace {

using Tasks = std::map<ClientId, TaskRecord>;

// A plan that the machine can go on with, whatever the limits were when it was started.
Status CheckPlan(const RunRecord& run) {
  Limits limits;
  limits.max_clients_per_round = std::numeric_limits<std::uint32_t>::max();
  limits.max_rounds_per_run = std::numeric_limits<std::uint32_t>::max();
  const Status valid = ValidatePlan(limits, run.plan);
  if (valid.ok()) return valid;
  return DataLoss("the plan of run {} is not valid: {}", run.run, valid.message());
}

Status CheckRounds(const SavedState& saved) {
  for (std::size_t i = 0; i < saved.rounds.size(); ++i) {
    const RoundRecord& round = saved.rounds[i];
    if (i > 0 && saved.rounds[i - 1].round == round.round) {
      return DataLoss("round {} is there twice", round.round);
    }
    if (!saved.run || round.run > saved.run->run) {
      return DataLoss("round {} belongs to run {}, which is not there", round.round, round.run);
    }
    if (round.evaluation_pending && round.phase != PhaseName::kCompleted) {
      return DataLoss("round {} is to be evaluated, but is in {}", round.round, Name(round.phase));
    }
  }
  if (!saved.run || saved.run->ended) return OkStatus();
  FEDGE_RETURN_IF_ERROR(CheckPlan(*saved.run));
  if (saved.rounds.empty() || saved.rounds.front().run != saved.run->run) {
    return DataLoss("run {} is active, but has no round", saved.run->run);
  }
  return OkStatus();
}

Tasks TakeTasks(SavedState& saved, RoundId round) {
  Tasks tasks;
  for (TaskRecord& task : saved.tasks) {
    if (task.round != round) continue;
    if (task.state == TaskState::kTraining) task.state = TaskState::kOffered;
    ClientId client = task.client;
    tasks.insert_or_assign(std::move(client), std::move(task));
  }
  return tasks;
}

// Whether the round was in AGGREGATING, or nearly so, when an update turned out to be lost.
bool Reopened(const RoundRecord& round) {
  return round.phase == PhaseName::kTraining && round.aggregation_started != TimePoint{};
}

Training RestoreTraining(RoundRecord round, Tasks tasks, TimePoint deadline) {
  const auto open = std::count_if(tasks.begin(), tasks.end(), [](const auto& entry) {
    return entry.second.state == TaskState::kOffered;
  });
  return Training{.round = std::move(round),
                  .deadline = deadline,
                  .tasks = std::move(tasks),
                  .num_open = static_cast<std::uint32_t>(open),
                  .num_training = 0};
}

// The phase of a run that goes on, in its newest round.
Status RestoreActive(SavedState& saved, Phase& phase) {
  const RunRecord& run = *saved.run;
  const RoundRecord& round = saved.rounds.front();
  const TimePoint deadline =
      (Reopened(round) ? round.aggregation_started : round.started) + run.plan.deadline;
  switch (round.phase) {
    case PhaseName::kInitializing:
      phase = Initializing{
          .round = round, .deadline = deadline, .grace_ends = std::nullopt, .num_candidates = 0};
      return OkStatus();
    case PhaseName::kTraining:
      phase = RestoreTraining(round, TakeTasks(saved, round.round), deadline);
      return OkStatus();
    case PhaseName::kAggregating:
      phase = Aggregating{round};
      return OkStatus();
    case PhaseName::kCompleted:
      // A run rests here only to wait for an evaluation.
      if (run.plan.until.empty() || !round.evaluation_pending) break;
      phase = Completed{.round = round,
                        .evaluation_deadline = round.ended + run.plan.evaluation_deadline};
      return OkStatus();
    case PhaseName::kError:
      break;
  }
  return DataLoss("run {} is active, but its round {} has ended in {}", run.run, round.round,
                  Name(round.phase));
}

Status RestoreEnded(const RunRecord& run, std::optional<RoundRecord> round, Phase& phase) {
  if (round && round->phase != PhaseName::kCompleted && round->phase != PhaseName::kError) {
    return DataLoss("run {} has ended, but its round {} is in {}", run.run, round->round,
                    Name(round->phase));
  }
  if (!run.error.empty() && !run.reset) {
    phase = Failed{.round = std::move(round), .reason = run.error};
  } else {
    phase = Completed{.round = std::move(round), .evaluation_deadline = std::nullopt};
  }
  return OkStatus();
}

bool TakesUpdates(const RoundRecord& round) {
  return round.phase == PhaseName::kInitializing || round.phase == PhaseName::kTraining;
}

}  // namespace

Result<State> RestoreState(SavedState saved) {
  std::sort(saved.rounds.begin(), saved.rounds.end(),
            [](const RoundRecord& a, const RoundRecord& b) { return a.round > b.round; });
  FEDGE_RETURN_IF_ERROR(CheckRounds(saved));
  State state;
  state.model = saved.model;
  state.run = saved.run;
  if (!state.run) return state;
  state.last_run = state.run->run;
  for (const RoundRecord& round : saved.rounds) {
    if (!round.evaluation_pending) continue;
    PendingEvaluation& evaluation = state.evaluations.emplace_front();
    evaluation.round = round;
  }
  const auto closed = std::find_if_not(saved.rounds.begin(), saved.rounds.end(), TakesUpdates);
  const bool reopened = !saved.rounds.empty() && Reopened(saved.rounds.front());
  if (closed != saved.rounds.end() && !reopened) {
    state.closed = ClosedRound{.round = *closed, .tasks = TakeTasks(saved, closed->round)};
  }
  std::optional<RoundRecord> newest;
  if (!saved.rounds.empty()) newest = saved.rounds.front();
  if (newest) state.last_round = newest->round;
  if (state.run_active()) {
    FEDGE_RETURN_IF_ERROR(RestoreActive(saved, state.phase));
  } else {
    FEDGE_RETURN_IF_ERROR(RestoreEnded(*state.run, std::move(newest), state.phase));
  }
  return state;
}

}  // namespace fedge
