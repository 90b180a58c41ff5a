#include <utility>

#include <fmt/format.h>

#include "fedge/coordinator/metrics_mean.h"
#include "fedge/coordinator/phases/closed_round.h"
#include "fedge/coordinator/phases/phases.h"

namespace fedge::machine {
namespace {

// Sums up what the accepted clients measured, in the order of their ids.
void SummarizeTraining(const std::map<ClientId, TaskRecord>& tasks, RoundRecord& round) {
  MetricsMean train_before;
  MetricsMean train_after;
  for (const auto& [client, task] : tasks) {
    if (task.state != TaskState::kAccepted) continue;
    train_before.Add(task.result.before);
    train_after.Add(task.result.after);
  }
  round.train_before = train_before.Mean();
  round.train_after = train_after.Mean();
}

Status RequireRound(const Aggregating& phase, RoundId round) {
  if (phase.round.round == round) return OkStatus();
  return FailedPrecondition("round {} is not being aggregated; round {} is", round,
                            phase.round.round);
}

}  // namespace

void BeginAggregating(StepContext& step) {
  Training& before = std::get<Training>(step.state.phase);
  Aggregating phase{std::move(before.round)};
  phase.round.phase = PhaseName::kAggregating;
  phase.round.aggregation_started = step.now;
  SummarizeTraining(before.tasks, phase.round);
  step.Emit(SaveRound{phase.round});
  CloseRound(step, phase.round, std::move(before.tasks));
  step.Emit(Aggregate{phase.round});
  step.state.phase = std::move(phase);
}

Status On(StepContext& step, Aggregating& phase, const Event& event) {
  return std::visit(Overloaded{
                        [&](const AggregationDone& e) {
                          FEDGE_RETURN_IF_ERROR(RequireRound(phase, e.round));
                          CompleteRound(step, e.model);
                          return OkStatus();
                        },
                        [&](const AggregationFailed& e) {
                          FEDGE_RETURN_IF_ERROR(RequireRound(phase, e.round));
                          FailRound(step,
                                    fmt::format("the aggregation failed: {}", Clipped(e.reason)),
                                    Retry::kIfLeft);
                          return OkStatus();
                        },
                        [&](const UpdateLost& e) { return ReopenTask(step, phase, e); },
                        [&](const AbortRun& e) {
                          FailRound(step, AbortReason(e), Retry::kNever);
                          return OkStatus();
                        },
                        [&](const auto&) { return OnInAnyPhase(step, event); },
                    },
                    event);
}

}  // namespace fedge::machine
