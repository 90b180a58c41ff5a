#include "fedge/fedctl/eta.h"

#include <algorithm>
#include <cstddef>

namespace fedge::fedctl {
namespace {

// A round of now costs what the last few did: an early slow one (clients fetching, caches cold) is
// soon forgotten.
constexpr std::size_t kRecentRounds = 7;

std::optional<Duration> TypicalRound(const Pace& pace) {
  if (!pace.finished.empty()) {
    const std::size_t count = std::min(pace.finished.size(), kRecentRounds);
    std::vector<Duration> recent(pace.finished.end() - static_cast<std::ptrdiff_t>(count),
                                 pace.finished.end());
    const auto middle = recent.begin() + static_cast<std::ptrdiff_t>(count / 2);
    std::nth_element(recent.begin(), middle, recent.end());
    return *middle;
  }
  if (pace.in_round && pace.accepted > 0 && pace.needed > 0) {
    return pace.elapsed * pace.needed / std::min(pace.accepted, pace.needed);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> EstimateRemaining(const Pace& pace) {
  if (!pace.in_round && pace.rounds_left == 0) return Duration(0);
  const std::optional<Duration> typical = TypicalRound(pace);
  if (!typical.has_value()) return std::nullopt;
  const Duration current =
      pace.in_round ? std::max(*typical - pace.elapsed, Duration(0)) : Duration(0);
  return current + *typical * pace.rounds_left;
}

}  // namespace fedge::fedctl
