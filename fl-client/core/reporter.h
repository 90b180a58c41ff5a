#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/client/session_io.h"
#include "fedge/common/clock.h"
#include "fedge/common/log.h"

namespace fedge::client {

using LogSink = std::function<void(log::Level, std::string_view)>;

// Turns what many sessions do into few lines: one per round, one when the coordinator goes away and
// one when it is back. Runs on the actor thread.
class Reporter {
 public:
  Reporter(std::string coordinator, std::vector<std::string> client_ids, LogSink sink);

  void On(std::size_t client, const TaskStarted& event, TimePoint now);
  void On(std::size_t client, const TaskEnded& event, TimePoint now);
  void On(std::size_t client, const LinkLost& event, TimePoint now);
  void On(std::size_t client, const LinkUp& event, TimePoint now);
  void On(std::size_t client, const SessionEnded& event, TimePoint now);

  // Writes the lines whose time has come.
  void Flush(TimePoint now);
  // Writes what is left.
  void Finish(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;

 private:
  static constexpr std::size_t kNumEnds = 7;  // of TaskEnd

  // Means of a metric over clients, weighted with their examples.
  struct Mean {
    void Add(const Metrics& metrics);
    double loss_sum = 0;
    double accuracy_sum = 0;
    double examples = 0;
    double accuracy_examples = 0;
  };
  struct Round {
    std::size_t open = 0;
    std::size_t ended = 0;
    TimePoint started{};
    TimePoint last_end{};
    std::array<std::size_t, kNumEnds> ends{};
    std::uint64_t examples = 0;
    std::uint64_t bytes = 0;
    Mean before;
    Mean after;
    Mean evaluation;
    bool warned = false;
  };

  bool IsOver(std::uint64_t number, const Round& round, TimePoint now) const;
  void Write(std::uint64_t number, const Round& round);
  void WriteConnected();
  void Line(log::Level level, std::string_view line) { sink_(level, line); }

  std::string coordinator_;
  std::vector<std::string> ids_;
  LogSink sink_;
  std::map<std::uint64_t, Round> rounds_;
  std::vector<bool> up_;
  std::size_t num_up_ = 0;
  std::size_t num_ended_ = 0;
  std::optional<TimePoint> connected_due_;
  bool outage_ = false;  // a line about it was written
  TimePoint next_outage_line_{};
  Duration outage_interval_{0};
  std::string last_end_reason_;
};

}  // namespace fedge::client
