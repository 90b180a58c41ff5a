#include "fedge/data/partition/holdout.h"

#include <algorithm>
#include <numeric>

#include "fedge/common/check.h"
#include "fedge/common/random.h"

namespace fedge::data {

Holdout DrawHoldout(std::size_t count, double fraction, std::uint64_t seed) {
  FEDGE_CHECK(fraction >= 0 && fraction < 1);
  auto held = static_cast<std::size_t>(static_cast<double>(count) * fraction + 0.5);
  if (fraction > 0 && count >= 2) held = std::clamp<std::size_t>(held, 1, count - 1);
  held = std::min(held, count == 0 ? 0 : count - 1);

  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  Random random(CombineSeeds(seed, HashName("holdout")));
  random.Shuffle(std::span(order));
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(held);
  Holdout parts{.kept = {middle, order.end()}, .held_out = {order.begin(), middle}};
  std::sort(parts.kept.begin(), parts.kept.end());
  std::sort(parts.held_out.begin(), parts.held_out.end());
  return parts;
}

Result<Holdout> SplitHoldout(std::span<const std::uint32_t> indices, double fraction,
                             std::uint64_t seed) {
  if (!(fraction >= 0 && fraction < 1)) {
    return InvalidArgument("holdout is {}; it must be at least 0 and below 1", fraction);
  }
  Holdout parts = DrawHoldout(indices.size(), fraction, seed);
  for (auto* part : {&parts.kept, &parts.held_out}) {
    for (std::uint32_t& position : *part) position = indices[position];
  }
  return parts;
}

}  // namespace fedge::data
