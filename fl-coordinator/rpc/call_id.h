#pragma once

#include <cstdint>

namespace fedge {

// Names one call of this process: never the same twice, unlike an address.
std::uint64_t NextCallId();

}  // namespace fedge
