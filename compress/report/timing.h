#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fedge/common/result.h"

namespace fedge {

struct Timing {
  double median_ms = 0;
  std::uint32_t runs = 0;
};

// Runs a model a few times for nothing, then for half a second: 5 times at least, 200 at most.
template <class Run>  // Status Run()
Result<Timing> TimeRuns(const Run& run) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kWarmUpRuns = 3;
  constexpr std::size_t kMinRuns = 5;
  constexpr std::size_t kMaxRuns = 200;
  constexpr std::chrono::milliseconds kMeasureFor(500);
  for (std::size_t i = 0; i < kWarmUpRuns; ++i) FEDGE_RETURN_IF_ERROR(run());
  std::vector<double> milliseconds;
  const Clock::time_point end = Clock::now() + kMeasureFor;
  while (milliseconds.size() < kMinRuns || (milliseconds.size() < kMaxRuns && Clock::now() < end)) {
    const Clock::time_point start = Clock::now();
    FEDGE_RETURN_IF_ERROR(run());
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  const auto middle = milliseconds.begin() + static_cast<std::ptrdiff_t>(milliseconds.size() / 2);
  std::nth_element(milliseconds.begin(), middle, milliseconds.end());
  return Timing{.median_ms = *middle, .runs = static_cast<std::uint32_t>(milliseconds.size())};
}

}  // namespace fedge
