#pragma once

#include <chrono>
#include <functional>
#include <mutex>

namespace fedge {

// Wall-clock time in whole milliseconds since the Unix epoch: it is written to disk and read by
// another process.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

// The seam through which anything that must be tested without waiting reads the time. Differences
// are durations: a clock never goes back, and does not jump. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

// The time of day, fit to measure with: begins at the wall clock's time, goes at the steady clock's
// pace, and follows the wall clock, should that be set, at 5 % more or less than this pace. So a
// clock that is set back an hour delays no deadline by more than a twentieth, and none fires early
// by more. Thread-safe.
class SystemClock final : public Clock {
 public:
  // What it reads; time since any fixed instant.
  using Source = std::function<Duration()>;

  SystemClock();
  SystemClock(Source wall, Source steady);
  TimePoint Now() const override;

 private:
  const Source wall_;
  const Source steady_;
  mutable std::mutex mutex_;
  mutable Duration steady_then_;  // at the last call
  mutable Duration now_;          // what that call gave
};

}  // namespace fedge
