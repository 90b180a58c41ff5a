#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/records.h"

namespace fedge {

// What a joined client does.
enum class ClientState : std::uint8_t { kIdle, kTraining, kEvaluating, kDisconnected };
std::string_view Name(ClientState state);  // "idle" ...

// Where the coordinator stands; what changes too often, or by itself, to be counted.
struct CoordinatorLevels {
  PhaseName phase = PhaseName::kCompleted;
  RunId run = 0;
  bool run_active = false;
  std::uint32_t run_rounds = 0;  // planned
  std::uint32_t run_rounds_completed = 0;
  RoundId round = 0;
  std::uint64_t model_bytes = 0;
  std::size_t sessions = 0;
  std::size_t parked_polls = 0;
  std::size_t uploads = 0;
  TimePoint progress{};  // when a phase began or an update was accepted; 0: not yet
};

// What became of an update; both are of small, fixed sets.
struct UpdateLabels {
  std::string_view outcome;  // "accepted", "refused", "late", "surplus", "failed"
  std::string_view reason;   // of a refusal; else empty
};

// What is measured only when somebody asks.
struct ScrapeSample {
  std::size_t queued_requests = 0;
  std::uint64_t spool_bytes = 0;
  std::uint64_t models_bytes = 0;
  std::uint64_t database_bytes = 0;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t disk_size_bytes = 0;
};

// What the coordinator counts for monitoring, as a Prometheus page. Everything starts at 0 with the
// process. Thread-safe; a call costs a few atomic additions, at most a lock held for as long.
class CoordinatorMetrics {
 public:
  using Seconds = std::chrono::duration<double>;
  enum class RoundOutcome : std::uint8_t { kCompleted, kFailed, kAborted };
  enum class CommitStep : std::uint8_t { kSpool, kDatabase };

  CoordinatorMetrics();
  CoordinatorMetrics(const CoordinatorMetrics&) = delete;
  CoordinatorMetrics& operator=(const CoordinatorMetrics&) = delete;
  ~CoordinatorMetrics();

  // A call of this method is answered; `handled` leaves out what it waited for something to happen.
  void CallEnded(std::string_view method, StatusCode code, Seconds handled);
  void BytesReceived(std::uint64_t bytes);  // of updates
  void BytesSent(std::uint64_t bytes);      // of models, to clients
  void UpdateDecided(const UpdateLabels& labels);
  void RoundEnded(const RoundRecord& round, RoundOutcome outcome);
  void RoundEvaluated(const Metrics& evaluation);
  void EventSaved(const std::string& kind);
  void Committed(CommitStep step, Seconds took);
  void Aggregated(std::uint64_t update_bytes, Seconds took);
  void AddClients(Role role, ClientState state, int change);
  void Set(const CoordinatorLevels& levels);

  // In Prometheus's text format, with the present state of the process.
  std::string Page(const ScrapeSample& sample);
  static std::string_view ContentType();

 private:
  struct Instruments;
  std::unique_ptr<Instruments> instruments_;
};

}  // namespace fedge
