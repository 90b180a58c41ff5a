#pragma once

#include <atomic>

#include "fedge/common/clock.h"

namespace fedge::testing {

// A clock that moves only when told. Thread-safe.
class FakeClock final : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(Duration(milliseconds_.load())); }
  void Advance(Duration by) { milliseconds_ += by.count(); }

 private:
  std::atomic<Duration::rep> milliseconds_{1'700'000'000'000};
};

}  // namespace fedge::testing
