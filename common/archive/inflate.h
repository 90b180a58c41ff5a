#pragma once

#include <cstddef>
#include <span>

#include "fedge/common/status.h"

namespace fedge::internal {

// Fills all of `out` from raw deflate data (RFC 1951). kDataLoss if it is malformed or holds more
// or fewer bytes.
Status Inflate(std::span<const std::byte> deflated, std::span<std::byte> out);

}  // namespace fedge::internal
