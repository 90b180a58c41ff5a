#include <utility>

#include <fmt/format.h>

#include "fedge/coordinator/goal.h"
#include "fedge/coordinator/phases/evaluations.h"
#include "fedge/coordinator/phases/phases.h"

namespace fedge::machine {
namespace {

constexpr std::size_t kMaxRequestId = 64;

std::string DescribePlan(const RunPlan& plan) {
  std::string text = Plural(plan.num_rounds, "round") + " of " + Plural(plan.num_clients, "client");
  for (const auto& [key, value] : plan.where) text += fmt::format(", {}={}", key, value);
  if (!plan.until.empty()) text += fmt::format(", until {}", plan.until);
  return text;
}

Status OnStart(StepContext& step, const StartRun& event) {
  if (step.state.run_active()) return Refuse(step.state, event);
  FEDGE_RETURN_IF_ERROR(ValidatePlan(step.limits, event.plan));
  if (event.request_id.size() > kMaxRequestId) {
    return InvalidArgument("the request id has {} bytes; allowed are at most {}",
                           event.request_id.size(), kMaxRequestId);
  }
  RunRecord run;
  run.run = ++step.state.last_run;
  run.plan = event.plan;
  run.request_id = event.request_id;
  run.started = step.now;
  step.Emit(SaveRun{run});
  step.Log("run started", {.run = run.run}, DescribePlan(run.plan));
  step.state.run = std::move(run);
  BeginRound(step);
  return OkStatus();
}

void EndRun(StepContext& step, bool goal_reached) {
  RunRecord& run = step.run();
  run.ended = true;
  run.goal_reached = goal_reached;
  run.ended_at = step.now;
  std::get<Completed>(step.state.phase).evaluation_deadline.reset();
  step.Emit(SaveRun{run});
  std::string text = Plural(run.rounds_completed, "round");
  if (!run.plan.until.empty()) {
    text += fmt::format(", {} was {}reached", run.plan.until, goal_reached ? "" : "not ");
  }
  step.Log("run completed", {.run = run.run, .round = step.state.last_round}, std::move(text));
}

Status OnTick(StepContext& step, const Completed& phase) {
  if (phase.evaluation_deadline && step.now >= *phase.evaluation_deadline) EndEvaluationWait(step);
  return OkStatus();
}

Status OnAbort(StepContext& step, const AbortRun& event) {
  if (!step.state.run_active()) return Refuse(step.state, event);
  FailRun(step, AbortReason(event));
  return OkStatus();
}

}  // namespace

void CompleteRound(StepContext& step, const ModelRef& model) {
  RunRecord& run = step.run();
  RoundRecord round = std::move(std::get<Aggregating>(step.state.phase).round);
  round.phase = PhaseName::kCompleted;
  round.model = model;
  round.model.round = round.round;
  round.ended = step.now;
  round.evaluation_pending = WantsEvaluation(step);
  ++run.rounds_completed;
  step.state.model = round.model;
  step.Emit(SaveModel{round.model});
  step.Emit(SaveRound{round});
  step.Emit(DropUpdates{round.round});
  step.Log("round completed", About(round),
           Plural(round.num_accepted, "update") + ", " + Plural(round.num_examples, "example"));
  if (round.evaluation_pending) QueueEvaluation(step, round);
  step.state.closed->round = round;
  Completed phase{.round = std::move(round), .evaluation_deadline = std::nullopt};
  const bool waits = !run.plan.until.empty();
  if (waits) phase.evaluation_deadline = step.now + run.plan.evaluation_deadline;
  step.state.phase = std::move(phase);
  if (waits) {
    step.Emit(SaveRun{run});
  } else {
    ContinueRun(step);
  }
}

void ContinueRun(StepContext& step) {
  RunRecord& run = step.run();
  if (!run.plan.until.empty()) {
    const RoundRecord& round = *std::get<Completed>(step.state.phase).round;
    const Goal goal = *ParseGoal(run.plan.until);
    if (goal.quantity == Goal::Quantity::kAccuracy && !round.evaluation.has_accuracy()) {
      return FailRun(step, fmt::format("until is '{}', but the evaluation of round {} has no "
                                       "accuracy; ask for a loss instead, as in loss<=0.3",
                                       run.plan.until, round.round));
    }
    if (goal.ReachedBy(round.evaluation)) return EndRun(step, true);
  }
  if (run.rounds_completed >= run.plan.num_rounds) return EndRun(step, false);
  step.Emit(SaveRun{run});
  BeginRound(step);
}

Status On(StepContext& step, Completed& phase, const Event& event) {
  return std::visit(Overloaded{
                        [&](const StartRun& e) { return OnStart(step, e); },
                        [&](const AbortRun& e) { return OnAbort(step, e); },
                        [&](const Tick&) { return OnTick(step, phase); },
                        [&](const RollBack& e) { return OnRollBack(step, e); },
                        [&](const auto&) { return OnInAnyPhase(step, event); },
                    },
                    event);
}

}  // namespace fedge::machine
