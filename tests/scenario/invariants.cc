#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fedge/coordinator/selection.h"
#include "fedge/scenario/simulator.h"

namespace fedge::testing {
namespace {

class Problems {
 public:
  void Require(bool good, std::string_view what) {
    if (!good) list_.emplace_back(what);
  }
  std::vector<std::string> Take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

std::uint32_t Count(const std::map<ClientId, TaskRecord>& tasks, TaskState state) {
  return static_cast<std::uint32_t>(std::count_if(
      tasks.begin(), tasks.end(), [&](const auto& entry) { return entry.second.state == state; }));
}

void CheckPhase(const State& state, const Initializing& phase, Problems& problems) {
  const RunPlan& plan = state.run->plan;
  const auto candidates = std::count_if(state.members.begin(), state.members.end(),
                                        [&](const auto& e) { return IsCandidate(plan, e.second); });
  problems.Require(phase.num_candidates == candidates, "num_candidates is wrong");
  if (state.run->paused) return;
  problems.Require(phase.num_candidates < CohortSize(plan), "the cohort is there but not begun");
  problems.Require(phase.grace_ends.has_value() == (phase.num_candidates >= QuorumToBegin(plan)),
                   "the grace does not follow the quorum");
}

void CheckPhase(const State& state, const Training& phase, Problems& problems) {
  const RunPlan& plan = state.run->plan;
  const RoundRecord& round = phase.round;
  const std::uint32_t offered = Count(phase.tasks, TaskState::kOffered);
  const std::uint32_t training = Count(phase.tasks, TaskState::kTraining);
  problems.Require(phase.num_open == offered + training, "num_open is wrong");
  problems.Require(phase.num_training == training, "num_training is wrong");
  problems.Require(round.num_selected == phase.tasks.size(), "num_selected is wrong");
  problems.Require(round.num_selected <= CohortSize(plan), "the cohort is too large");
  problems.Require(round.num_accepted == Count(phase.tasks, TaskState::kAccepted),
                   "num_accepted is wrong");
  problems.Require(round.num_refused >= Count(phase.tasks, TaskState::kRefused),
                   "num_refused is too small");
  problems.Require(round.num_failed == Count(phase.tasks, TaskState::kFailed),
                   "num_failed is wrong");
  problems.Require(round.num_accepted < plan.num_clients, "N updates did not end the round");
  problems.Require(round.num_accepted + phase.num_open >= QuorumToEnd(plan),
                   "the quorum is out of reach, and the round goes on");
  problems.Require(phase.num_open > 0, "no task is open, and the round goes on");
}

void CheckPhase(const State& state, const Aggregating& phase, Problems& problems) {
  const RunPlan& plan = state.run->plan;
  problems.Require(phase.round.num_accepted >= QuorumToEnd(plan), "aggregating without a quorum");
  problems.Require(phase.round.num_accepted <= plan.num_clients, "more than N updates accepted");
  problems.Require(state.closed && state.closed->round.round == phase.round.round,
                   "the round being aggregated is not closed");
}

void CheckPhase(const State& state, const Completed& phase, Problems& problems) {
  problems.Require(state.run_active() == phase.evaluation_deadline.has_value(),
                   "a run that waits for nothing is active");
  if (!phase.evaluation_deadline) return;
  problems.Require(
      !state.evaluations.empty() && state.evaluations.back().round.round == phase.round->round,
      "the evaluation that is waited for is not pending");
}

void CheckPhase(const State& state, const Failed& phase, Problems& problems) {
  problems.Require(!state.run_active(), "the run goes on in ERROR");
  problems.Require(!phase.reason.empty(), "ERROR without a reason");
}

void CheckClosed(const State& state, Problems& problems) {
  if (!state.closed) return;
  const auto& [round, tasks] = *state.closed;
  for (const auto& [client, task] : tasks) {
    problems.Require(!task.open(), "a task of a closed round is open");
  }
  problems.Require(Count(tasks, TaskState::kAccepted) == round.num_accepted,
                   "the accepted updates of a closed round have changed");
  problems.Require(Count(tasks, TaskState::kLate) == round.num_late, "num_late is wrong");
  problems.Require(Count(tasks, TaskState::kSurplus) == round.num_surplus, "num_surplus is wrong");
}

void CheckEvaluations(const Limits& limits, const State& state, Problems& problems) {
  problems.Require(state.evaluations.size() <= limits.max_pending_evaluations,
                   "too many pending evaluations");
  const auto* const completed = std::get_if<Completed>(&state.phase);
  for (const PendingEvaluation& evaluation : state.evaluations) {
    const bool awaited = completed != nullptr && completed->evaluation_deadline &&
                         completed->round->round == evaluation.round.round;
    problems.Require(evaluation.round.evaluation_pending, "a pending evaluation is not marked");
    problems.Require(!evaluation.waiting_for.empty() || evaluation.expires || awaited,
                     "an evaluation waits for nobody, forever");
    problems.Require(evaluation.waiting_for.empty() || !evaluation.expires,
                     "an evaluation expires while somebody works on it");
    for (const ClientId& client : evaluation.waiting_for) {
      const auto member = state.members.find(client);
      problems.Require(member != state.members.end() && member->second.role == Role::kEvaluator,
                       "an evaluation waits for somebody who is no evaluator");
    }
  }
}

}  // namespace

std::vector<std::string> BrokenInvariants(const Limits& limits, const State& state) {
  Problems problems;
  std::visit([&](const auto& phase) { CheckPhase(state, phase, problems); }, state.phase);
  CheckClosed(state, problems);
  CheckEvaluations(limits, state, problems);
  const RoundRecord* const current = CurrentRound(state);
  problems.Require(current == nullptr || current->round == state.last_round,
                   "the current round is not the newest");
  problems.Require(!state.run_active() || NextDeadline(state) || IsHeld(state) ||
                       std::holds_alternative<Aggregating>(state.phase),
                   "the run may wait forever");
  return problems.Take();
}

}  // namespace fedge::testing
