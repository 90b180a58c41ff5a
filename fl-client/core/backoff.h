#pragma once

#include <algorithm>
#include <cstdint>

#include "fedge/common/clock.h"
#include "fedge/common/random.h"

namespace fedge::client {

// Exponential back-off with full jitter: after n failures in a row, uniform in [0, min(cap, base *
// 2^n)], which spreads a fleet that lost its coordinator at the same instant (Brooker, "Exponential
// Backoff And Jitter", 2015). A value type.
class Backoff {
 public:
  Duration Next(Duration base, Duration cap, Random& random) {
    const int doublings = std::min(failures_, 20);
    ++failures_;
    const Duration ceiling = std::min(cap, base * (std::int64_t{1} << doublings));
    return Duration(
        static_cast<Duration::rep>(random.Below(static_cast<std::uint64_t>(ceiling.count()) + 1)));
  }
  void Reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

}  // namespace fedge::client
