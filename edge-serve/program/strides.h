#pragma once

#include <optional>
#include <span>

#include "fedge/program/dim.h"

namespace fedge::internal {

// Of a tensor of these sizes without gaps, the last dimension fastest. nullopt: they overflow, or a
// size is negative. A size of 0 counts as 1.
std::optional<Dims> RowMajorStrides(std::span<const std::int64_t> dims);

}  // namespace fedge::internal
