#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fedge/tensor/dtype.h"

// Magnitudes of floating-point elements, compared by their bits: as fast as memory is read.
namespace fedge {

// The bits of |infinity| in a floating-point dtype: every element below is finite.
std::uint64_t InfinityBits(DType dtype);

// The bits of the least magnitude that a delta may not have. Averages of smaller ones, whatever
// their weights, neither overflow their float64 sums nor take a base element below this limit out
// of its dtype's range, so that no single client can make an aggregation fail.
std::uint64_t DeltaLimitBits(DType dtype);

// The index of the first element of magnitude >= `limit` (of NaN too), both as bits. `bytes` may
// begin anywhere and hold whole elements of a floating-point dtype.
std::optional<std::size_t> FirstAtLeast(DType dtype, std::span<const std::byte> bytes,
                                        std::uint64_t limit);

}  // namespace fedge
