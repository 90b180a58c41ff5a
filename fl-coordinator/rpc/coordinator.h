#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "fedge/common/result.h"
#include "fedge/coordinator_rpc/actor.h"
#include "fedge/coordinator_rpc/aggregator.h"
#include "fedge/coordinator_rpc/mailbox.h"
#include "fedge/coordinator_rpc/runtime_options.h"

namespace fedge {

// A running coordinator without its network: the actor on its thread, and the worker that
// aggregates. Thread-safe.
class Coordinator {
 public:
  using OnFailure = std::function<void(const Status& failure)>;
  // Continues what the state directory holds. `on_failure` is called once, on the actor thread,
  // when the state could not be saved or a round not be aggregated: the process should then end,
  // which loses nothing that was acknowledged, and be started again once the disk is in order.
  static Result<std::unique_ptr<Coordinator>> Start(const RuntimeOptions& options,
                                                    const CoordinatorParts& parts,
                                                    OnFailure on_failure);
  // Stop(). Calls that still wait for the actor must have been answered: shut the server down
  // first.
  ~Coordinator();

  // False when there is no room or the coordinator drains; the caller answers for the command.
  [[nodiscard]] bool TryPost(Command command) { return mailbox_.TryPost(std::move(command)); }
  // For what must not be lost: the end of a call, a result.
  void Post(Command command) { mailbox_.Post(std::move(command)); }
  // Looks at the clock again; for tests whose clock moves by itself.
  void Wake() {
    Post([](Actor&) {});
  }

  // Turns new requests away and answers those that wait: polls are told to come back, watchers that
  // this is the end.
  void Drain();
  // Stops the aggregation (a restart begins it again), performs what was posted and ends the
  // threads.
  void Stop();
  // Why the coordinator cannot go on; OK while all is well.
  Status failure() const;

  // Requests and chunks that came damaged, and were not acted on.
  void CountDamagedRequest() { ++damaged_requests_; }
  std::uint64_t damaged_requests() const { return damaged_requests_; }

  const RuntimeOptions& options() const { return options_; }
  CoordinatorMetrics& metrics() { return parts_.metrics; }
  std::size_t num_queued() const { return mailbox_.size(); }
  Store& store() { return parts_.store; }

 private:
  Coordinator(const RuntimeOptions& options, const CoordinatorParts& parts, OnFailure on_failure);
  void Loop();
  void Aggregated(const RoundRecord& round, Aggregation aggregation);

  const RuntimeOptions options_;
  const CoordinatorParts parts_;
  const OnFailure on_failure_;
  Mailbox mailbox_;
  std::unique_ptr<Aggregator> aggregator_;
  Actor actor_;
  std::atomic<std::uint64_t> damaged_requests_ = 0;
  bool stopping_ = false;  // of the actor thread
  mutable std::mutex failure_mutex_;
  Status failure_;
  std::thread thread_;
};

}  // namespace fedge
