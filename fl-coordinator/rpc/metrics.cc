#include "fedge/coordinator_rpc/metrics.h"

#include <algorithm>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include "fedge/coordinator_rpc/instruments.h"
#include "fedge/coordinator_rpc/process_usage.h"

namespace fedge {
namespace {

template <typename Number>
double Double(Number number) {
  return static_cast<double>(number);
}

double UnixSeconds(TimePoint time) {
  return CoordinatorMetrics::Seconds(time.time_since_epoch()).count();
}

}  // namespace

std::string_view Name(ClientState state) {
  constexpr std::array<std::string_view, 4> kNames = {"idle", "training", "evaluating",
                                                      "disconnected"};
  return kNames[static_cast<std::size_t>(state)];
}

CoordinatorMetrics::CoordinatorMetrics() : instruments_(std::make_unique<Instruments>()) {}

CoordinatorMetrics::~CoordinatorMetrics() = default;

void CoordinatorMetrics::CallEnded(std::string_view method, StatusCode code, Seconds handled) {
  instruments_->Call(method, code).Observe(handled.count());
}

void CoordinatorMetrics::BytesReceived(std::uint64_t bytes) {
  instruments_->received_bytes.Increment(Double(bytes));
}

void CoordinatorMetrics::BytesSent(std::uint64_t bytes) {
  instruments_->sent_bytes.Increment(Double(bytes));
}

void CoordinatorMetrics::UpdateDecided(const UpdateLabels& labels) {
  instruments_->updates
      .Add({{"outcome", std::string(labels.outcome)}, {"reason", std::string(labels.reason)}})
      .Increment();
}

void CoordinatorMetrics::RoundEnded(const RoundRecord& round, RoundOutcome outcome) {
  instruments_->round_outcomes[static_cast<std::size_t>(outcome)]->Increment();
  const std::array<TimePoint, 3> begun = {round.started, round.training_started,
                                          round.aggregation_started};
  TimePoint end = round.ended;
  for (std::size_t phase = begun.size(); phase-- > 0;) {
    if (begun[phase] == TimePoint{}) continue;  // it did not get there
    // A clock that was set back must not make a negative time.
    const Seconds took = std::max(end - begun[phase], TimePoint::duration::zero());
    instruments_->phase_times[phase]->Observe(took.count());
    end = begun[phase];
  }
  if (outcome == RoundOutcome::kCompleted && round.train_after.measured())
    instruments_->train_loss.Add({}).Set(round.train_after.loss);
}

void CoordinatorMetrics::RoundEvaluated(const Metrics& evaluation) {
  instruments_->evaluation_loss.Add({}).Set(evaluation.loss);
  if (evaluation.has_accuracy()) instruments_->evaluation_accuracy.Add({}).Set(evaluation.accuracy);
}

void CoordinatorMetrics::EventSaved(const std::string& kind) {
  instruments_->events.Add({{"kind", kind}}).Increment();
}

void CoordinatorMetrics::Committed(CommitStep step, Seconds took) {
  instruments_->commit_steps[static_cast<std::size_t>(step)]->Observe(took.count());
}

void CoordinatorMetrics::Aggregated(std::uint64_t update_bytes, Seconds took) {
  instruments_->aggregated_bytes.Increment(Double(update_bytes));
  if (took.count() <= 0) return;
  const double speed = Double(update_bytes) / took.count();
  instruments_->last_aggregation_speed.Set(speed);
  instruments_->aggregation_speed.Observe(speed);
}

void CoordinatorMetrics::AddClients(Role role, ClientState state, int change) {
  const std::size_t row = role == Role::kTrainer ? 0 : 1;
  instruments_->members[row][static_cast<std::size_t>(state)]->Increment(change);
}

void CoordinatorMetrics::Set(const CoordinatorLevels& levels) {
  Instruments& to = *instruments_;
  for (std::size_t i = 0; i < to.phases.size(); ++i)
    to.phases[i]->Set(static_cast<PhaseName>(i) == levels.phase ? 1 : 0);
  to.run.Set(Double(levels.run));
  to.run_active.Set(levels.run_active ? 1 : 0);
  to.run_rounds.Set(levels.run_rounds);
  to.run_rounds_completed.Set(levels.run_rounds_completed);
  to.round.Set(Double(levels.round));
  to.model_bytes.Set(Double(levels.model_bytes));
  to.sessions.Set(Double(levels.sessions));
  to.parked_polls.Set(Double(levels.parked_polls));
  to.uploads.Set(Double(levels.uploads));
  to.progress.Set(UnixSeconds(levels.progress));
}

std::string CoordinatorMetrics::Page(const ScrapeSample& sample) {
  Instruments& to = *instruments_;
  to.queued_requests.Set(Double(sample.queued_requests));
  to.spool_bytes.Set(Double(sample.spool_bytes));
  to.models_bytes.Set(Double(sample.models_bytes));
  to.database_bytes.Set(Double(sample.database_bytes));
  to.disk_free_bytes.Set(Double(sample.disk_free_bytes));
  to.disk_size_bytes.Set(Double(sample.disk_size_bytes));
  const ProcessUsage usage = ReadProcessUsage();
  to.resident_bytes.Set(Double(usage.resident_bytes));
  to.virtual_bytes.Set(Double(usage.virtual_bytes));
  to.cpu_seconds.Increment(usage.cpu_seconds - to.cpu_seconds.Value());
  to.start_time.Set(usage.start_unix_seconds);
  to.open_fds.Set(Double(usage.open_fds));
  to.max_fds.Set(Double(usage.max_fds));
  to.threads.Set(Double(usage.threads));
  return prometheus::TextSerializer().Serialize(to.registry.Collect());
}

std::string_view CoordinatorMetrics::ContentType() {
  return "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace fedge
