#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fedge/common/clock.h"

namespace fedge::fedctl {

// How far a run has come.
struct Pace {
  std::vector<Duration> finished = {};  // how long each finished round took, oldest first
  std::uint32_t rounds_left = 0;        // without the current one
  bool in_round = false;
  Duration elapsed{0};         // of the current round
  std::uint32_t accepted = 0;  // in the current round
  std::uint32_t needed = 0;    // updates that end it
};

// When the run will probably be done: the current round by the median of the last rounds, or by the
// rate at which updates come in while there are none; nullopt when there is nothing to go by.
std::optional<Duration> EstimateRemaining(const Pace& pace);

}  // namespace fedge::fedctl
