#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <prometheus/registry.h>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/metrics.h"

namespace fedge {

// The families and series behind CoordinatorMetrics. Series whose labels are known are made at
// once, so that they are there with 0; the rest when they are first needed. Thread-safe.
struct CoordinatorMetrics::Instruments {
  Instruments();

  prometheus::Gauge& Gauge(const std::string& name, const std::string& help);
  prometheus::Counter& Counter(const std::string& name, const std::string& help);
  prometheus::Histogram& Call(std::string_view method, StatusCode code);

  prometheus::Registry registry;

  prometheus::Family<prometheus::Counter>& rounds;
  prometheus::Family<prometheus::Histogram>& phase_seconds;
  prometheus::Family<prometheus::Gauge>& phase;
  prometheus::Family<prometheus::Gauge>& clients;
  prometheus::Family<prometheus::Counter>& updates;
  prometheus::Family<prometheus::Counter>& transfer_bytes;
  prometheus::Family<prometheus::Counter>& events;
  prometheus::Family<prometheus::Histogram>& commit_seconds;
  prometheus::Family<prometheus::Histogram>& call_seconds;
  prometheus::Family<prometheus::Gauge>& evaluation_loss;
  prometheus::Family<prometheus::Gauge>& evaluation_accuracy;
  prometheus::Family<prometheus::Gauge>& train_loss;

  prometheus::Counter& received_bytes;
  prometheus::Counter& sent_bytes;
  prometheus::Counter& aggregated_bytes;
  prometheus::Gauge& last_aggregation_speed;
  prometheus::Histogram& aggregation_speed;
  std::array<prometheus::Gauge*, 5> phases;                    // by PhaseName
  std::array<std::array<prometheus::Gauge*, 4>, 2> members{};  // by Role and ClientState
  std::array<prometheus::Histogram*, 3> phase_times;           // INITIALIZING to AGGREGATING
  std::array<prometheus::Counter*, 3> round_outcomes;
  std::array<prometheus::Histogram*, 2> commit_steps;

  prometheus::Gauge& run;
  prometheus::Gauge& run_active;
  prometheus::Gauge& run_rounds;
  prometheus::Gauge& run_rounds_completed;
  prometheus::Gauge& round;
  prometheus::Gauge& model_bytes;
  prometheus::Gauge& sessions;
  prometheus::Gauge& parked_polls;
  prometheus::Gauge& uploads;
  prometheus::Gauge& progress;

  prometheus::Gauge& queued_requests;
  prometheus::Gauge& spool_bytes;
  prometheus::Gauge& models_bytes;
  prometheus::Gauge& database_bytes;
  prometheus::Gauge& disk_free_bytes;
  prometheus::Gauge& disk_size_bytes;

  prometheus::Gauge& resident_bytes;
  prometheus::Gauge& virtual_bytes;
  prometheus::Counter& cpu_seconds;
  prometheus::Gauge& start_time;
  prometheus::Gauge& open_fds;
  prometheus::Gauge& max_fds;
  prometheus::Gauge& threads;

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string_view, StatusCode>, prometheus::Histogram*> calls_;
};

}  // namespace fedge
