#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/fedctl/eta.h"
#include "fedge/v1/admin.pb.h"

namespace fedge::fedctl {

// What a follower knows of one run, from the messages of Admin.Watch. A value without I/O or clock.
class RunProgress {
 public:
  explicit RunProgress(std::uint64_t run) : run_(run) {}

  void Apply(const v1::WatchResponse& message);

  // The finished rounds that can be shown now, oldest first, each once: failed, or completed and
  // evaluated, or completed without an evaluation to wait for. A round waits for those before it.
  // With `all`, nothing is waited for any more.
  std::vector<v1::RoundSummary> TakeFinished(bool all = false);

  std::uint64_t run() const { return run_; }
  const v1::CoordinatorStatus& status() const { return status_; }
  std::uint32_t num_rounds() const { return status_.run().plan().num_rounds(); }
  // The last round that TakeFinished gave; Watch need not send those again.
  std::uint64_t last_taken() const { return last_taken_; }
  // The rounds that were taken, newest last, as many as are worth showing.
  const std::vector<v1::RoundSummary>& recent() const { return recent_; }
  // Whether the coordinator still works on this run, and whether it has told how it ended.
  bool current() const { return status_.run().run() == run_; }
  bool ended() const { return current() && status_.run().ended(); }
  // Of all rounds of the run so far.
  std::uint64_t bytes_down() const;
  std::uint64_t bytes_up() const;

  Pace PaceAt(TimePoint now) const;

 private:
  std::uint64_t run_;
  v1::CoordinatorStatus status_;
  std::map<std::uint64_t, v1::RoundSummary> waiting_;  // not taken yet
  std::vector<v1::RoundSummary> recent_;
  std::uint64_t last_taken_ = 0;
  std::uint64_t taken_bytes_down_ = 0;
  std::uint64_t taken_bytes_up_ = 0;
};

// "round  4/10  accepted 50/50 ...": one finished round in one line, without its end.
std::string RoundLine(const v1::RoundSummary& round, const v1::RunPlan& plan);

// "waiting for 3 more clients (47 joined)", or empty when nobody is missing.
std::string WaitingLine(const v1::CoordinatorStatus& status);

// How a run ended, for a person: one line.
std::string RunEndLine(const RunProgress& progress);

struct BlockOptions {
  std::size_t width = 80;   // no line is longer
  std::size_t height = 24;  // fewer lines than this
  bool color = false;
  TimePoint now{};
  std::string notice = {};  // such as a lost connection; empty: none
};

// The live view of a run as lines of a terminal.
std::vector<std::string> ProgressBlock(const RunProgress& progress, const BlockOptions& options);

}  // namespace fedge::fedctl
