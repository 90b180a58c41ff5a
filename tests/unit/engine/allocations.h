#pragma once

#include <cstddef>

namespace fedge::testing {

// How often this thread has called operator new, shared libraries (oneDNN) included: the dynamic
// linker takes the program's.
std::size_t AllocationsHere();

}  // namespace fedge::testing
