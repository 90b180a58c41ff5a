#include "fedge/coordinator/run_machine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fedge/coordinator/phases/closed_round.h"
#include "fedge/coordinator/phases/evaluations.h"
#include "fedge/coordinator/phases/members.h"
#include "fedge/coordinator/phases/phases.h"

namespace fedge {
namespace machine {
namespace {

Status RefuseStart(const State& state) {
  if (const auto* const failed = std::get_if<Failed>(&state.phase)) {
    return FailedPrecondition("run {} ended in ERROR ({}); leave it first with fedctl reset",
                              state.last_run, failed->reason);
  }
  return FailedPrecondition(
      "run {} is active (round {}, {}); wait for it with fedctl wait, or end it with fedctl "
      "abort-round",
      state.last_run, state.last_round, Name(NameOf(state.phase)));
}

Status OnModelSent(StepContext& step, const ModelSent& event) {
  const auto count = [&](RoundRecord& round) { round.bytes_down += event.bytes; };
  auto* const training = std::get_if<Training>(&step.state.phase);
  if (training != nullptr && training->round.round == event.round) {
    count(training->round);
  } else if (!AmendClosed(step, event.round, count, /*save=*/false)) {
    return NotFound("round {} sends no model", event.round);
  }
  return OkStatus();
}

Status OnLeave(StepContext& step, const ClientLeft& event) {
  return RemoveMember(step, event) ? OkStatus() : NoMember(event.client);
}

Status OnPause(StepContext& step) {
  if (!step.state.run_active()) return Refuse(step.state, PauseRun{});
  if (step.run().paused) return OkStatus();
  step.run().paused = true;
  step.Emit(SaveRun{step.run()});
  step.Log("run paused", {.run = step.run().run, .round = step.state.last_round},
           "no cohort is selected from now on");
  return OkStatus();
}

// In every phase but INITIALIZING, which was waiting for it.
Status OnResume(StepContext& step) {
  if (!step.state.run_active()) return Refuse(step.state, ResumeRun{});
  if (step.run().paused) EndPause(step);
  return OkStatus();
}

template <typename Update>
Status OnUpdate(StepContext& step, const Update& event) {
  AnswerClosed(step, event);
  return OkStatus();
}

Status OnJoin(StepContext& step, const ClientJoined& event) {
  AddMember(step, event);
  return OkStatus();
}

}  // namespace

void EndPause(StepContext& step) {
  step.run().paused = false;
  step.Emit(SaveRun{step.run()});
  step.Log("run resumed", {.run = step.run().run, .round = step.state.last_round},
           "cohorts are selected again");
}

Status OnRollBack(StepContext& step, const RollBack& event) {
  if (step.state.run_active()) return Refuse(step.state, event);
  const ModelRef before = std::exchange(step.state.model, event.model);
  step.Emit(SaveModel{event.model});
  step.Log("model rolled back", {.run = step.state.last_run, .round = step.state.last_round},
           fmt::format("from the one after round {} to the one after round {} (sha256 {})",
                       before.round, event.model.round, event.model.digest.ShortHex()));
  return OkStatus();
}

Status OnInAnyPhase(StepContext& step, const Event& event) {
  return std::visit(Overloaded{
                        [&](const Tick&) { return OkStatus(); },
                        [&](const PauseRun&) { return OnPause(step); },
                        [&](const ResumeRun&) { return OnResume(step); },
                        [&](const ClientJoined& e) { return OnJoin(step, e); },
                        [&](const ClientLeft& e) { return OnLeave(step, e); },
                        [&](const UpdateReceived& e) { return OnUpdate(step, e); },
                        [&](const UpdateRefused& e) { return OnUpdate(step, e); },
                        [&](const ModelSent& e) { return OnModelSent(step, e); },
                        [&](const EvaluationReported& e) { return OnReport(step, e); },
                        [&](const EvaluationFailed& e) { return OnReport(step, e); },
                        [&](const auto&) { return Refuse(step.state, event); },
                    },
                    event);
}

Status Refuse(const State& state, const Event& event) {
  const std::string_view phase = Name(NameOf(state.phase));
  const auto task = [&](RoundId round, const ClientId& client) {
    return FailedPrecondition("client '{}' has no open task in round {}; the coordinator is in {}",
                              client, round, phase);
  };
  const auto aggregation = [&](RoundId round) {
    return FailedPrecondition("round {} is not being aggregated; the coordinator is in {}", round,
                              phase);
  };
  return std::visit(
      Overloaded{
          [&](const StartRun&) { return RefuseStart(state); },
          [&](const AbortRun&) {
            return FailedPrecondition("no run is active; the coordinator is in {}", phase);
          },
          [&](const Reset&) {
            return FailedPrecondition("there is nothing to reset; the coordinator is in {}", phase);
          },
          [&](const PauseRun&) {
            return FailedPrecondition(
                "no run is active that could be paused; the coordinator is in {}", phase);
          },
          [&](const ResumeRun&) {
            return FailedPrecondition(
                "no run is active that could be resumed; the coordinator is in {}", phase);
          },
          [&](const RollBack&) {
            return FailedPrecondition(
                "run {} is active (round {}, {}); its global model can be rolled back when it has "
                "ended",
                state.last_run, state.last_round, phase);
          },
          [&](const TaskDelivered& e) { return task(e.round, e.client); },
          [&](const TaskFailed& e) { return task(e.round, e.client); },
          [&](const AggregationDone& e) { return aggregation(e.round); },
          [&](const AggregationFailed& e) { return aggregation(e.round); },
          [&](const UpdateLost& e) {
            return FailedPrecondition("round {} needs no update any more; the coordinator is in {}",
                                      e.round, phase);
          },
          [&](const auto&) { return Internal("an event that every phase takes was refused"); },
      },
      event);
}

}  // namespace machine

namespace {

bool RepeatsLastStart(const State& state, const Event& event) {
  const auto* const start = std::get_if<StartRun>(&event);
  return start != nullptr && !start->request_id.empty() && state.run.has_value() &&
         state.run->request_id == start->request_id;
}

}  // namespace

Step Advance(const Limits& limits, State state, const Event& event, TimePoint now) {
  Step step{.state = std::move(state), .effects = {}, .status = {}};
  if (RepeatsLastStart(step.state, event)) return step;
  machine::StepContext context{limits, step.state, step.effects, now};
  if (std::holds_alternative<Tick>(event)) machine::ExpireEvaluations(context);
  step.status =
      std::visit([&](auto& phase) { return machine::On(context, phase, event); }, step.state.phase);
  return step;
}

namespace {

// What began in the future, by a clock that was ahead and has been set back since, begins now: no
// deadline is further away than the plan says.
void BeginNoLaterThanNow(machine::StepContext& step) {
  const RunPlan& plan = step.plan();
  const auto bound = [&](auto& phase) {
    RoundRecord& round = phase.round;
    if (phase.deadline <= step.now + plan.deadline) return;
    for (TimePoint* time : {&round.started, &round.training_started, &round.aggregation_started}) {
      *time = std::min(*time, step.now);
    }
    phase.deadline = step.now + plan.deadline;
    step.Emit(SaveRound{round});
  };
  if (auto* initializing = std::get_if<Initializing>(&step.state.phase)) bound(*initializing);
  if (auto* training = std::get_if<Training>(&step.state.phase)) bound(*training);
  auto* completed = std::get_if<Completed>(&step.state.phase);
  if (completed == nullptr || !completed->evaluation_deadline ||
      *completed->evaluation_deadline <= step.now + plan.evaluation_deadline) {
    return;
  }
  machine::AmendClosed(step, completed->round->round,
                       [&](RoundRecord& round) { round.ended = step.now; });
  completed->evaluation_deadline = step.now + plan.evaluation_deadline;
}

}  // namespace

Step Resume(const Limits& limits, State state, TimePoint now) {
  Step step{.state = std::move(state), .effects = {}, .status = {}};
  machine::StepContext context{limits, step.state, step.effects, now};
  machine::ResumeEvaluations(context);
  if (!step.state.run_active()) return step;
  BeginNoLaterThanNow(context);
  context.Log(
      "run continued", {.run = step.state.last_run, .round = step.state.last_round},
      fmt::format("in {}, after a restart of the coordinator", Name(NameOf(step.state.phase))));
  if (const auto* const aggregating = std::get_if<Aggregating>(&step.state.phase)) {
    context.Emit(Aggregate{aggregating->round});
  }
  return step;
}

}  // namespace fedge
