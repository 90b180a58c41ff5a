#pragma once

#include <chrono>

namespace fedge {

// Wall-clock time in whole milliseconds since the Unix epoch: it is written to disk and read by
// another process.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

// The seam through which anything that must be tested without waiting reads the time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace fedge
