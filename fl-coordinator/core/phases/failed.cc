#include <utility>

#include <fmt/format.h>

#include "fedge/coordinator/phases/closed_round.h"
#include "fedge/coordinator/phases/evaluations.h"
#include "fedge/coordinator/phases/phases.h"

namespace fedge::machine {
namespace {

using Tasks = std::map<ClientId, TaskRecord>;

// Takes the round out of a phase that can fail. The phase is replaced next.
std::pair<RoundRecord, Tasks> TakeRound(State& state) {
  return std::visit(
      Overloaded{
          [](Initializing& p) { return std::pair(std::move(p.round), Tasks()); },
          [](Training& p) { return std::pair(std::move(p.round), std::move(p.tasks)); },
          [&](Aggregating& p) {
            return std::pair(std::move(p.round), std::move(state.closed->tasks));
          },
          [](auto&) { return std::pair(RoundRecord(), Tasks()); },
      },
      state.phase);
}

std::optional<RoundRecord> RoundOf(const State& state) {
  const RoundRecord* const round = CurrentRound(state);
  return round == nullptr ? std::nullopt : std::optional(*round);
}

Status OnReset(StepContext& step, Failed& phase) {
  RunRecord& run = step.run();
  run.reset = true;
  step.Emit(SaveRun{run});
  step.Log("run reset", {.run = run.run}, fmt::format("was in ERROR: {}", phase.reason));
  step.state.phase =
      Completed{.round = std::move(phase.round), .evaluation_deadline = std::nullopt};
  return OkStatus();
}

}  // namespace

void FailRound(StepContext& step, std::string reason, Retry retry) {
  auto [round, tasks] = TakeRound(step.state);
  round.phase = PhaseName::kError;
  round.error = reason;
  round.ended = step.now;
  step.Emit(SaveRound{round});
  step.Emit(DropUpdates{round.round});
  step.Log("round failed", About(round), reason);
  CloseRound(step, round, std::move(tasks));
  step.state.phase = Failed{.round = std::move(round), .reason = reason};
  RunRecord& run = step.run();
  if (retry == Retry::kNever || run.retries_used >= run.plan.max_retries) {
    return FailRun(step, std::move(reason));
  }
  ++run.retries_used;
  step.Emit(SaveRun{run});
  BeginRound(step);
}

void FailRun(StepContext& step, std::string reason) {
  RunRecord& run = step.run();
  run.ended = true;
  run.error = reason;
  run.ended_at = step.now;
  step.Emit(SaveRun{run});
  step.Log("run failed", {.run = run.run, .round = step.state.last_round}, reason);
  step.state.phase = Failed{.round = RoundOf(step.state), .reason = std::move(reason)};
  EndAwaited(step);
}

std::string AbortReason(const AbortRun& event) {
  return event.reason.empty() ? "aborted by an operator"
                              : fmt::format("aborted: {}", Clipped(event.reason));
}

Status On(StepContext& step, Failed& phase, const Event& event) {
  return std::visit(Overloaded{
                        [&](const Reset&) { return OnReset(step, phase); },
                        [&](const RollBack& e) { return OnRollBack(step, e); },
                        [&](const auto&) { return OnInAnyPhase(step, event); },
                    },
                    event);
}

}  // namespace fedge::machine
