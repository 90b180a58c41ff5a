#include "fedge/engine/arena.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "fedge/engine/aligned_buffer.h"

namespace fedge::internal {
namespace {

// The offset of the smallest gap of `bytes` between those of `placed`, in order of their offsets,
// that live when `wanted` does.
std::size_t BestFit(const std::vector<const Lifetime*>& placed, const Lifetime& wanted) {
  std::size_t best = 0;
  std::size_t best_gap = std::numeric_limits<std::size_t>::max();
  std::size_t end = 0;  // of what was looked at
  for (const Lifetime* other : placed) {
    if (other->last < wanted.first || other->first > wanted.last) continue;
    if (other->offset > end) {
      const std::size_t gap = other->offset - end;
      if (gap >= wanted.bytes && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
    }
    end = std::max(end, AlignUp(other->offset + other->bytes));
  }
  return best_gap == std::numeric_limits<std::size_t>::max() ? end : best;
}

}  // namespace

std::size_t PlanArena(std::span<Lifetime> lifetimes) {
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return lifetimes[a].bytes > lifetimes[b].bytes;
  });
  std::vector<const Lifetime*> placed;
  std::size_t peak = 0;
  for (const std::size_t i : order) {
    Lifetime& lifetime = lifetimes[i];
    if (lifetime.bytes == 0) continue;
    lifetime.offset = BestFit(placed, lifetime);
    peak = std::max(peak, lifetime.offset + lifetime.bytes);
    const auto at = std::upper_bound(
        placed.begin(), placed.end(), &lifetime,
        [](const Lifetime* a, const Lifetime* b) { return a->offset < b->offset; });
    placed.insert(at, &lifetime);
  }
  return peak;
}

}  // namespace fedge::internal
