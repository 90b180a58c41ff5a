#pragma once

#include <cstddef>
#include <span>

namespace fedge::internal {

// Memory that is needed from one step to another, both included.
struct Lifetime {
  std::size_t bytes = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t offset = 0;  // where it lies, a multiple of kAlignment
};

// Finds a place for each, so that no two overlap that are needed at the same step: the largest
// first, each in the smallest gap that holds it (Pisarchyk & Lee 2020, greedy by size). Returns
// what the arena needs: the largest end. Quadratic in their number.
std::size_t PlanArena(std::span<Lifetime> lifetimes);

}  // namespace fedge::internal
