#include <algorithm>

#include <fmt/format.h>

#include "fedge/coordinator/phases/members.h"
#include "fedge/coordinator/phases/phases.h"
#include "fedge/coordinator/selection.h"

namespace fedge::machine {
namespace {

std::uint32_t CountIf(const State& state, bool (*predicate)(const RunPlan&, const Member&)) {
  const RunPlan& plan = state.run->plan;
  const auto count = std::count_if(state.members.begin(), state.members.end(),
                                   [&](const auto& e) { return predicate(plan, e.second); });
  return static_cast<std::uint32_t>(count);
}

bool LacksLabels(const RunPlan& plan, const Member& member) {
  return member.role == Role::kTrainer && !IsCandidate(plan, member);
}

// What an operator needs to know when too few clients came.
std::string QuorumMissed(StepContext& step, const Initializing& phase) {
  const RunPlan& plan = step.plan();
  std::string text =
      fmt::format("{} of the {} clients needed were there within {}", phase.num_candidates,
                  QuorumToBegin(plan), SecondsText(plan.deadline));
  if (const std::uint32_t others = CountIf(step.state, LacksLabels); others > 0) {
    text += fmt::format(" ({} more lack the labels that --where asks for)", others);
  }
  return text + "; start more (fl-client), or ask for fewer (--clients, --min-clients)";
}

// Whether as many are there as the run's last round began with. Who is missing then had its grace
// already: one lost client must not slow down every round that follows.
bool AsManyAsBefore(const State& state, const Initializing& phase) {
  if (!state.closed) return false;
  const RoundRecord& last = state.closed->round;
  return last.run == phase.round.run && last.num_selected > 0 &&
         phase.num_candidates >= last.num_selected;
}

// With a quorum there, the rest has until the end of the grace to come.
void UpdateGrace(StepContext& step, Initializing& phase) {
  if (phase.num_candidates < QuorumToBegin(step.plan())) {
    phase.grace_ends.reset();
  } else if (AsManyAsBefore(step.state, phase)) {
    phase.grace_ends = step.now;
  } else if (!phase.grace_ends) {
    const Duration left = std::max(Duration::zero(), phase.deadline - step.now);
    phase.grace_ends = step.now + std::min(step.limits.join_grace, left / 2);
  }
}

// Goes on to TRAINING if the cohort is there, or enough of it for long enough.
void BeginTrainingIfReady(StepContext& step, Initializing& phase) {
  if (step.run().paused) return;
  UpdateGrace(step, phase);
  const bool whole = phase.num_candidates >= CohortSize(step.plan());
  if (whole || (phase.grace_ends && step.now >= *phase.grace_ends)) BeginTraining(step);
}

Status OnJoin(StepContext& step, Initializing& phase, const ClientJoined& event) {
  const std::optional<Member> before = AddMember(step, event);
  if (before && IsCandidate(step.plan(), *before)) --phase.num_candidates;
  if (IsCandidate(step.plan(), event.member)) ++phase.num_candidates;
  BeginTrainingIfReady(step, phase);
  return OkStatus();
}

Status OnLeave(StepContext& step, Initializing& phase, const ClientLeft& event) {
  const std::optional<Member> before = RemoveMember(step, event);
  if (!before) return NoMember(event.client);
  if (IsCandidate(step.plan(), *before)) --phase.num_candidates;
  if (!step.run().paused) UpdateGrace(step, phase);
  return OkStatus();
}

Status OnTick(StepContext& step, Initializing& phase) {
  const bool quorum = phase.num_candidates >= QuorumToBegin(step.plan());
  if (step.run().paused) return OkStatus();
  if (step.now >= phase.deadline && !quorum) {
    FailRound(step, QuorumMissed(step, phase), Retry::kIfLeft);
  } else {
    BeginTrainingIfReady(step, phase);
  }
  return OkStatus();
}

// The time of the pause does not count: the round begins anew.
Status OnResume(StepContext& step, Initializing& phase) {
  if (!step.run().paused) return OkStatus();
  EndPause(step);
  phase.round.started = step.now;
  phase.deadline = step.now + step.plan().deadline;
  phase.grace_ends.reset();
  step.Emit(SaveRound{phase.round});
  BeginTrainingIfReady(step, phase);
  return OkStatus();
}

}  // namespace

void BeginRound(StepContext& step) {
  const RunRecord& run = step.run();
  step.state.refusals_logged.clear();
  Initializing phase;
  phase.round.round = ++step.state.last_round;
  phase.round.run = run.run;
  phase.round.index_in_run = run.rounds_completed + 1;
  phase.round.base = step.state.model;
  phase.round.num_wanted = run.plan.num_clients;
  phase.round.started = step.now;
  phase.deadline = step.now + run.plan.deadline;
  phase.num_candidates = CountIf(step.state, IsCandidate);
  step.Emit(SaveRound{phase.round});
  std::string text =
      fmt::format("{} of {} in the run", phase.round.index_in_run, run.plan.num_rounds);
  if (run.retries_used > 0) text += ", after " + Plural(run.retries_used, "failed round");
  step.Log("round started", About(phase.round), std::move(text));
  step.state.phase = std::move(phase);
  BeginTrainingIfReady(step, std::get<Initializing>(step.state.phase));
}

Status On(StepContext& step, Initializing& phase, const Event& event) {
  return std::visit(Overloaded{
                        [&](const ClientJoined& e) { return OnJoin(step, phase, e); },
                        [&](const ClientLeft& e) { return OnLeave(step, phase, e); },
                        [&](const Tick&) { return OnTick(step, phase); },
                        [&](const ResumeRun&) { return OnResume(step, phase); },
                        [&](const AbortRun& e) {
                          FailRound(step, AbortReason(e), Retry::kNever);
                          return OkStatus();
                        },
                        [&](const auto&) { return OnInAnyPhase(step, event); },
                    },
                    event);
}

}  // namespace fedge::machine
