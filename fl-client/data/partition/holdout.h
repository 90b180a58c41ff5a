#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fedge/common/result.h"

namespace fedge::data {

struct Holdout {
  std::vector<std::uint32_t> kept;      // ascending
  std::vector<std::uint32_t> held_out;  // ascending
};

// Splits [0, count) at random: `fraction` of it, rounded to the nearest count, is held out; if that
// is more than 0, and there are two or more, both parts get at least one. Precondition: 0 <=
// fraction < 1.
Holdout DrawHoldout(std::size_t count, double fraction, std::uint64_t seed);

// The same for a client's own examples; ascending if `indices` are. kInvalidArgument unless 0 <=
// fraction < 1.
Result<Holdout> SplitHoldout(std::span<const std::uint32_t> indices, double fraction,
                             std::uint64_t seed);

}  // namespace fedge::data
