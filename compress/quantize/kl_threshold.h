#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fedge/common/result.h"

namespace fedge::quantize {

// With fewer bins than this to a level there are too few thresholds to choose from; with one (128
// bins, 128 levels: the default of several tools) the search has a single candidate, the full
// range.
inline constexpr std::size_t kMinBinsPerLevel = 4;

// How many of the first bins to keep so that the magnitudes, clipped to them, lose least when they
// are merged into `num_levels` levels: the minimum of the Kullback-Leibler divergence (Migacz,
// "8-bit inference with TensorRT", 2017), over each number of bins from num_levels to all. What is
// clipped counts in the last bin of the clipped distribution but not in the merged one; a level
// spreads over its bins that are not empty, and a choice that gives no weight to a bin with values
// is out. The first of equally good choices.
//
// magnitudes  counts of equal bins from 0 upwards, as of MagnitudeCounts
// kInvalidArgument    fewer than kMinBinsPerLevel bins to a level, or no level
// kFailedPrecondition all bins are empty
Result<std::size_t> KlThreshold(std::span<const std::uint64_t> magnitudes, std::size_t num_levels);

}  // namespace fedge::quantize
