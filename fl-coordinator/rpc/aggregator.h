#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/coordinator/model_store.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/spool.h"
#include "fedge/coordinator/store.h"
#include "fedge/coordinator/stored_files.h"
#include "fedge/coordinator_rpc/metrics.h"

namespace fedge {

// How an aggregation ended: one of these.
struct Aggregation {
  Result<ModelRef> model;
  // Not empty: it failed because of these updates, which have to be sent again.
  std::vector<LostUpdate> lost = {};
  // It failed because of the machine, not of the updates: a full or vanished disk, a damaged base.
  // It succeeds once that is put right.
  bool can_be_repeated = false;
};

// Computes a round's global model on a thread of its own. Thread-safe.
class Aggregator {
 public:
  // Called on the worker's thread. kCancelled: it was stopped.
  using Done = std::function<void(const RoundRecord& round, Aggregation aggregation)>;

  // All outlive the aggregator.
  Aggregator(FileSystem& files, Store& store, Spool& spool, ModelStore& models,
             CoordinatorMetrics& metrics, Done done);
  // Stops what is running and waits for it.
  ~Aggregator();

  // Computes the weighted mean of the round's accepted updates, in (client, task) order, next to
  // the other models, and adopts it. One round at a time: a job that is running ends first.
  void Begin(RoundRecord round);
  // The running job is not wanted any more.
  void Cancel();

 private:
  void Work(const std::stop_token& stop);

  FileSystem& files_;
  Store& store_;
  Spool& spool_;
  ModelStore& models_;
  CoordinatorMetrics& metrics_;
  const Done done_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<RoundRecord> next_;
  std::stop_source job_;
  std::jthread thread_;
};

// The aggregation itself, on the caller's thread. The same accepted set gives the same file:
// nothing of the time, the machine or the order of arrival enters it. The base's checksum is
// compared before it is used, the updates' as they are read. kCancelled soon after `stop` is
// requested.
struct AggregationInput {
  FileSystem& files;
  Store& store;
  Spool& spool;
  ModelStore& models;
  CoordinatorMetrics& metrics;
};
Result<ModelRef> AggregateRound(const AggregationInput& input, const RoundRecord& round,
                                const std::stop_token& stop);
// The same, and why it failed if it did.
Aggregation TryToAggregate(const AggregationInput& input, const RoundRecord& round,
                           const std::stop_token& stop);

}  // namespace fedge
