#include "fedge/common/clock.h"

#include <algorithm>
#include <utility>

namespace fedge {
namespace {

constexpr Duration::rep kSlewDivisor = 20;

template <typename StdClock>
Duration Read() {
  return std::chrono::floor<Duration>(StdClock::now().time_since_epoch());
}

}  // namespace

SystemClock::SystemClock()
    : SystemClock(Read<std::chrono::system_clock>, Read<std::chrono::steady_clock>) {}

SystemClock::SystemClock(Source wall, Source steady)
    : wall_(std::move(wall)), steady_(std::move(steady)), steady_then_(steady_()), now_(wall_()) {}

TimePoint SystemClock::Now() const {
  const std::lock_guard lock(mutex_);
  const Duration steady = steady_();
  const Duration passed = steady - steady_then_;
  // In steps that leave a rest: calls in quick succession must not round it away.
  if (passed >= Duration(kSlewDivisor)) {
    const Duration slew = passed / kSlewDivisor;
    const Duration ahead = now_ + passed - wall_();
    now_ += passed - std::clamp(ahead, -slew, slew);
    steady_then_ = steady;
    return TimePoint(now_);
  }
  return TimePoint(now_ + passed);
}

}  // namespace fedge
