#include "fedge/coordinator/phases/evaluations.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "fedge/coordinator/metrics_mean.h"
#include "fedge/coordinator/phases/closed_round.h"
#include "fedge/coordinator/phases/phases.h"

namespace fedge::machine {
namespace {

using Iterator = std::deque<PendingEvaluation>::iterator;

// Whether the run rests in COMPLETED until this evaluation is finished.
bool IsAwaited(const State& state, const PendingEvaluation& evaluation) {
  const auto* const completed = std::get_if<Completed>(&state.phase);
  return completed != nullptr && completed->evaluation_deadline.has_value() &&
         completed->round->round == evaluation.round.round;
}

Metrics MeanOf(const PendingEvaluation& evaluation) {
  MetricsMean mean;  // in the order of client ids, whatever the order of arrival
  for (const auto& [client, metrics] : evaluation.reports) mean.Add(metrics);
  return mean.Mean();
}

std::string Describe(const Metrics& metrics) {
  std::string text = fmt::format("loss {:.4g}", metrics.loss);
  if (metrics.has_accuracy()) text += fmt::format(", accuracy {:.4f}", metrics.accuracy);
  return text + fmt::format(" on {} examples", metrics.num_examples);
}

// Takes the evaluation out of the queue, with `mean` as the round's. Tells who still works on it.
void Close(StepContext& step, Iterator it, const Metrics& mean) {
  AmendClosed(step, it->round.round, [&](RoundRecord& record) {
    record.evaluation = mean;
    record.evaluation_pending = false;
  });
  const PendingEvaluation closed = std::move(*it);
  step.state.evaluations.erase(it);
  for (const ClientId& client : closed.waiting_for) step.Emit(Notify{client});
}

// Ends with the reports that are in, or with none.
void Finish(StepContext& step, Iterator it, std::string_view why_none) {
  const Metrics mean = MeanOf(*it);
  const bool awaited = IsAwaited(step.state, *it);
  const Subject subject = About(it->round);
  const std::string failure = std::move(it->last_failure);
  Close(step, it, mean);
  if (mean.measured()) {
    step.Log("evaluation", subject, Describe(mean));
    if (awaited) ContinueRun(step);
  } else {
    step.Log("evaluation dropped", subject,
             failure.empty() ? std::string(why_none) : fmt::format("{}: {}", why_none, failure));
  }
}

// After an evaluator reported, failed or left.
void Settle(StepContext& step, Iterator it) {
  if (!it->waiting_for.empty()) return;
  if (MeanOf(*it).measured()) return Finish(step, it, "");
  if (IsAwaited(step.state, *it)) return;
  if (!it->reports.empty()) return Finish(step, it, "every evaluator failed");
  it->expires = step.now + step.limits.evaluator_grace;
}

Iterator Find(State& state, RoundId round) {
  return std::find_if(state.evaluations.begin(), state.evaluations.end(),
                      [&](const PendingEvaluation& e) { return e.round.round == round; });
}

Status Report(StepContext& step, RoundId round, const ClientId& client, const Metrics& metrics,
              const std::string& failure) {
  const Iterator it = Find(step.state, round);
  if (it == step.state.evaluations.end()) {
    return NotFound("no evaluation of round {} is pending", round);
  }
  // The answer to the first report was lost.
  if (it->reports.count(client) > 0) return OkStatus();
  if (it->waiting_for.erase(client) == 0) {
    return NotFound("client '{}' was not asked to evaluate round {}", client, round);
  }
  it->reports.emplace(client, metrics);
  if (!metrics.measured()) {
    step.Log("evaluation failed", About(it->round, client), failure);
    it->last_failure = fmt::format("{}: {}", client, failure);
  }
  Settle(step, it);
  return OkStatus();
}

}  // namespace

bool WantsEvaluation(StepContext& step) {
  if (!step.plan().until.empty()) return true;
  const auto& members = step.state.members;
  return std::any_of(members.begin(), members.end(),
                     [](const auto& entry) { return entry.second.role == Role::kEvaluator; });
}

void QueueEvaluation(StepContext& step, const RoundRecord& round) {
  auto& evaluations = step.state.evaluations;
  while (!evaluations.empty() && evaluations.size() >= step.limits.max_pending_evaluations) {
    Finish(step, evaluations.begin(), "newer rounds pushed it out");
  }
  PendingEvaluation evaluation;
  evaluation.round = round;
  for (const auto& [client, member] : step.state.members) {
    if (member.role != Role::kEvaluator) continue;
    evaluation.waiting_for.insert(client);
    step.Emit(Notify{client});
  }
  evaluations.push_back(std::move(evaluation));
}

void AddEvaluator(StepContext& step, const ClientId& client) {
  for (PendingEvaluation& evaluation : step.state.evaluations) {
    const auto report = evaluation.reports.find(client);
    if (report != evaluation.reports.end()) {
      if (report->second.measured()) continue;
      evaluation.reports.erase(report);  // it failed; it may have come back repaired
    }
    evaluation.waiting_for.insert(client);
    evaluation.expires.reset();
  }
}

void RemoveEvaluator(StepContext& step, const ClientId& client) {
  // Backwards: settling one may take it out of the queue.
  for (std::size_t i = step.state.evaluations.size(); i-- > 0;) {
    const Iterator it = step.state.evaluations.begin() + static_cast<std::ptrdiff_t>(i);
    if (it->waiting_for.erase(client) > 0) Settle(step, it);
  }
}

Status OnReport(StepContext& step, const EvaluationReported& event) {
  const std::uint64_t examples = event.metrics.num_examples;
  if (examples >= 1 && examples <= kMaxWeight) {
    return Report(step, event.round, event.client, event.metrics, "");
  }
  return Report(
      step, event.round, event.client, Metrics{},
      fmt::format("it measured on {} examples; allowed are 1 to {}", examples, kMaxWeight));
}

Status OnReport(StepContext& step, const EvaluationFailed& event) {
  return Report(step, event.round, event.client, Metrics{}, Clipped(event.reason));
}

void ExpireEvaluations(StepContext& step) {
  auto& evaluations = step.state.evaluations;
  for (std::size_t i = evaluations.size(); i-- > 0;) {
    const Iterator it = evaluations.begin() + static_cast<std::ptrdiff_t>(i);
    if (it->expires && step.now >= *it->expires) Finish(step, it, "no evaluator came back");
  }
}

void EndEvaluationWait(StepContext& step) {
  const RoundId round = std::get<Completed>(step.state.phase).round->round;
  const Iterator it = Find(step.state, round);
  if (it != step.state.evaluations.end() && MeanOf(*it).measured()) return Finish(step, it, "");
  std::string reason =
      fmt::format("until is '{}', but no evaluation of round {} arrived within {}",
                  step.plan().until, round, SecondsText(step.plan().evaluation_deadline));
  if (it != step.state.evaluations.end() && !it->last_failure.empty()) {
    reason += fmt::format("; {}", it->last_failure);
  } else {
    reason += "; start an evaluator (fl-client --role evaluator)";
  }
  FailRun(step, std::move(reason));
}

void EndAwaited(StepContext& step) {
  const Iterator it =
      std::find_if(step.state.evaluations.begin(), step.state.evaluations.end(),
                   [](const PendingEvaluation& e) { return e.waiting_for.empty() && !e.expires; });
  if (it != step.state.evaluations.end()) Finish(step, it, "no evaluation came");
}

void ResumeEvaluations(StepContext& step) {
  for (PendingEvaluation& evaluation : step.state.evaluations) {
    if (!IsAwaited(step.state, evaluation)) {
      evaluation.expires = step.now + step.limits.evaluator_grace;
    }
  }
}

}  // namespace fedge::machine
