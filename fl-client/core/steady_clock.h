#pragma once

#include <chrono>

#include "fedge/common/clock.h"

namespace fedge::client {

// Begins at the wall clock's time and then keeps its own pace: a correction of the wall clock
// neither stops back-offs nor fires them all at once. Thread-safe.
class SteadyClock final : public Clock {
 public:
  TimePoint Now() const override {
    return started_ + std::chrono::floor<Duration>(std::chrono::steady_clock::now() - origin_);
  }

 private:
  TimePoint started_ = SystemClock().Now();
  std::chrono::steady_clock::time_point origin_ = std::chrono::steady_clock::now();
};

}  // namespace fedge::client
