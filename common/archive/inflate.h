#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "fedge/common/status.h"

namespace fedge::internal {

// Fills all of `out` from raw deflate data (RFC 1951). kDataLoss if it is malformed or holds more
// or fewer bytes.
Status Inflate(std::span<const std::byte> deflated, std::span<std::byte> out);

// Raw deflate data of these bytes.
std::string Deflate(std::span<const std::byte> bytes);

}  // namespace fedge::internal
