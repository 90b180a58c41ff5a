#include "fedge/quantize/kl_threshold.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>

#include "fedge/common/result.h"
#include "fedge/common/status.h"

namespace fedge::quantize {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One level's share of sum p * log(p / q), p and q not normalised, with q the mean of the level's
// bins over those that are not empty. `clipped` counts in the last bin of `bins` for p only.
double LevelDivergence(std::span<const std::uint64_t> bins, std::uint64_t clipped) {
  std::uint64_t sum = 0;
  std::size_t num_filled = 0;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    sum += bins[i];
    if (bins[i] > 0 || (i + 1 == bins.size() && clipped > 0)) ++num_filled;
  }
  if (num_filled == 0) return 0;
  if (sum == 0) return kInfinity;
  const double mean = static_cast<double>(sum) / static_cast<double>(num_filled);
  double divergence = 0;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const std::uint64_t count = bins[i] + (i + 1 == bins.size() ? clipped : 0);
    if (count == 0) continue;
    const auto p = static_cast<double>(count);
    divergence += p * std::log(p / mean);
  }
  return divergence;
}

// Of all values, `total`, of which `clipped` lie beyond the bins that are kept.
double Divergence(std::span<const std::uint64_t> kept, std::size_t num_levels,
                  std::uint64_t clipped, std::uint64_t total) {
  if (clipped == total) return kInfinity;
  double sum = 0;
  for (std::size_t level = 0; level < num_levels; ++level) {
    const std::size_t begin = level * kept.size() / num_levels;
    const std::size_t end = (level + 1) * kept.size() / num_levels;
    const bool last = level + 1 == num_levels;
    sum += LevelDivergence(kept.subspan(begin, end - begin), last ? clipped : 0);
  }
  // p sums to the total, q to what is kept.
  const auto all = static_cast<double>(total);
  return sum / all + std::log(static_cast<double>(total - clipped) / all);
}

}  // namespace

Result<std::size_t> KlThreshold(std::span<const std::uint64_t> magnitudes, std::size_t num_levels) {
  if (num_levels == 0 || magnitudes.size() < kMinBinsPerLevel * num_levels) {
    return InvalidArgument("{} bins of magnitudes are too few for {} levels: at least {} to each",
                           magnitudes.size(), num_levels, kMinBinsPerLevel);
  }
  const std::uint64_t total =
      std::accumulate(magnitudes.begin(), magnitudes.end(), std::uint64_t{0});
  if (total == 0) return FailedPrecondition("a histogram without values has no threshold");

  std::size_t best = magnitudes.size();
  double least = kInfinity;
  std::uint64_t kept = std::accumulate(
      magnitudes.begin(), magnitudes.begin() + static_cast<std::ptrdiff_t>(num_levels) - 1,
      std::uint64_t{0});
  for (std::size_t size = num_levels; size <= magnitudes.size(); ++size) {
    kept += magnitudes[size - 1];
    const double divergence = Divergence(magnitudes.first(size), num_levels, total - kept, total);
    if (divergence < least) {
      least = divergence;
      best = size;
    }
  }
  return best;
}

}  // namespace fedge::quantize
