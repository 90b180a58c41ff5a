#include "fedge/coordinator_rpc/instruments.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "fedge/coordinator/refusal.h"
#include "fedge/version.h"

namespace fedge {
namespace {

using Boundaries = prometheus::Histogram::BucketBoundaries;

const Boundaries& CallBuckets() {
  static const Boundaries kBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                      0.5,    1,     2.5,    5,     10,   30,    60,   300};
  return kBuckets;
}

const Boundaries& PhaseBuckets() {
  static const Boundaries kBuckets = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,     2.5,   5,
                                      10,   30,    60,   120, 300,  600, 1'800, 3'600, 14'400};
  return kBuckets;
}

const Boundaries& CommitBuckets() {
  static const Boundaries kBuckets = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return kBuckets;
}

const Boundaries& SpeedBuckets() {
  static const Boundaries kBuckets = {1e6, 1e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9, 1e10};
  return kBuckets;
}

template <typename Builder>
auto& Family(Builder builder, prometheus::Registry& registry, const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

}  // namespace

// The names and helps of everything that /metrics shows.
CoordinatorMetrics::Instruments::Instruments()
    : rounds(Family(prometheus::BuildCounter(), registry, "fedge_rounds_total",
                    "Rounds that ended, by outcome: completed, failed, aborted.")),
      phase_seconds(Family(prometheus::BuildHistogram(), registry, "fedge_phase_seconds",
                           "How long rounds that ended were in each phase.")),
      phase(Family(prometheus::BuildGauge(), registry, "fedge_phase",
                   "1 for the phase the coordinator is in, 0 for the others.")),
      clients(Family(prometheus::BuildGauge(), registry, "fedge_clients",
                     "Clients that are joined, by role and by what they do.")),
      updates(Family(prometheus::BuildCounter(), registry, "fedge_updates_total",
                     "Updates decided about, by outcome, and for refusals by reason. One that is "
                     "sent again because its answer was lost counts again, unless it was "
                     "accepted.")),
      transfer_bytes(Family(prometheus::BuildCounter(), registry, "fedge_transfer_bytes_total",
                            "Payload bytes: models sent to clients (down), updates received (up), "
                            "repeated parts included.")),
      events(Family(prometheus::BuildCounter(), registry, "fedge_events_total",
                    "Entries written to the event log, by kind.")),
      commit_seconds(Family(prometheus::BuildHistogram(), registry, "fedge_commit_seconds",
                            "Time to make a batch durable, by step: the spool's segment, the "
                            "database.")),
      call_seconds(Family(prometheus::BuildHistogram(), registry, "fedge_rpc_seconds",
                          "Handling time of calls, by method and status code. What a held poll or "
                          "a watcher waits for is left out.")),
      evaluation_loss(Family(prometheus::BuildGauge(), registry, "fedge_evaluation_loss",
                             "Loss of the newest evaluated global model.")),
      evaluation_accuracy(Family(prometheus::BuildGauge(), registry,
                                 "fedge_evaluation_accuracy_ratio",
                                 "Accuracy of the newest evaluated global model, 0 to 1.")),
      train_loss(Family(prometheus::BuildGauge(), registry, "fedge_train_loss",
                        "Mean loss after training of the newest completed round's clients.")),
      received_bytes(transfer_bytes.Add({{"direction", "up"}})),
      sent_bytes(transfer_bytes.Add({{"direction", "down"}})),
      aggregated_bytes(Counter("fedge_aggregation_bytes_total",
                               "Bytes of updates that aggregations have read.")),
      last_aggregation_speed(Gauge("fedge_last_aggregation_bytes_per_second",
                                   "Bytes of updates per second in the last aggregation.")),
      aggregation_speed(Family(prometheus::BuildHistogram(), registry,
                               "fedge_aggregation_bytes_per_second",
                               "Bytes of updates per second, by aggregation.")
                            .Add({}, SpeedBuckets())),
      run(Gauge("fedge_run", "Number of the active or last run; 0 before the first.")),
      run_active(Gauge("fedge_run_active", "1 while a run is active.")),
      run_rounds(Gauge("fedge_run_rounds", "Rounds that the active or last run was asked for.")),
      run_rounds_completed(
          Gauge("fedge_run_rounds_completed", "Rounds of the active or last run completed.")),
      round(Gauge("fedge_round", "Number of the current or last round; 0 before the first.")),
      model_bytes(Gauge("fedge_model_bytes", "Size of the global model.")),
      sessions(Gauge("fedge_sessions", "Sessions of joined clients.")),
      parked_polls(Gauge("fedge_parked_polls", "Polls that are held until there is news.")),
      uploads(Gauge("fedge_uploads_active", "Streams that carry an update now.")),
      progress(Gauge("fedge_progress_timestamp_seconds",
                     "When a phase last began or an update was last accepted.")),
      queued_requests(
          Gauge("fedge_queued_requests", "Requests that wait for the coordinator's actor.")),
      spool_bytes(Gauge("fedge_spool_bytes", "Disk space of updates in the spool.")),
      models_bytes(Gauge("fedge_models_bytes", "Disk space of the global models that are kept.")),
      database_bytes(Gauge("fedge_database_bytes", "Disk space of the database.")),
      disk_free_bytes(Gauge("fedge_disk_free_bytes",
                            "Free space of the file system that holds the state directory.")),
      disk_size_bytes(Gauge("fedge_disk_size_bytes",
                            "Size of the file system that holds the state directory.")),
      resident_bytes(Gauge("process_resident_memory_bytes", "Resident memory size in bytes.")),
      virtual_bytes(Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")),
      cpu_seconds(
          Counter("process_cpu_seconds_total", "Total user and system CPU time in seconds.")),
      start_time(Gauge("process_start_time_seconds",
                       "Start time of the process since the Unix epoch in seconds.")),
      open_fds(Gauge("process_open_fds", "Number of open file descriptors.")),
      max_fds(Gauge("process_max_fds", "Maximum number of open file descriptors.")),
      threads(Gauge("process_threads", "Number of operating system threads.")) {
  constexpr std::array kStates = {ClientState::kIdle, ClientState::kTraining,
                                  ClientState::kEvaluating, ClientState::kDisconnected};
  for (std::size_t i = 0; i < phases.size(); ++i)
    phases[i] = &phase.Add({{"phase", std::string(Name(static_cast<PhaseName>(i)))}});
  for (std::size_t i = 0; i < phase_times.size(); ++i) {
    phase_times[i] = &phase_seconds.Add({{"phase", std::string(Name(static_cast<PhaseName>(i)))}},
                                        PhaseBuckets());
  }
  for (const ClientState state : kStates) {
    const std::string name(Name(state));
    const auto column = static_cast<std::size_t>(state);
    // What the other role does is no state of this one.
    if (state != ClientState::kEvaluating)
      members[0][column] = &clients.Add({{"role", "trainer"}, {"state", name}});
    if (state != ClientState::kTraining)
      members[1][column] = &clients.Add({{"role", "evaluator"}, {"state", name}});
  }
  round_outcomes = {&rounds.Add({{"outcome", "completed"}}), &rounds.Add({{"outcome", "failed"}}),
                    &rounds.Add({{"outcome", "aborted"}})};
  commit_steps = {&commit_seconds.Add({{"step", "spool"}}, CommitBuckets()),
                  &commit_seconds.Add({{"step", "database"}}, CommitBuckets())};
  for (const char* outcome : {"accepted", "failed", "late", "surplus"})
    updates.Add({{"outcome", outcome}, {"reason", ""}});
  // From the beginning, so that the first refusals are an increase.
  for (auto code = 1; code <= static_cast<int>(kLastRefusalCode); ++code) {
    updates.Add(
        {{"outcome", "refused"}, {"reason", std::string(Name(static_cast<RefusalCode>(code)))}});
  }
  Family(prometheus::BuildGauge(), registry, "fedge_build_info",
         "1, with the version of the program as a label.")
      .Add({{"version", std::string(kVersion)}})
      .Set(1);
}

prometheus::Gauge& CoordinatorMetrics::Instruments::Gauge(const std::string& name,
                                                          const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& CoordinatorMetrics::Instruments::Counter(const std::string& name,
                                                              const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& CoordinatorMetrics::Instruments::Call(std::string_view method,
                                                             StatusCode code) {
  const std::lock_guard lock(mutex_);
  prometheus::Histogram*& histogram = calls_[{method, code}];
  if (histogram == nullptr) {
    histogram = &call_seconds.Add(
        {{"method", std::string(method)}, {"code", std::string(StatusCodeName(code))}},
        CallBuckets());
  }
  return *histogram;
}

}  // namespace fedge
