#pragma once

#include <cstddef>
#include <span>

#include "fedge/common/status.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

// trained - base, element by element, each difference rounded once to `dtype` (a floating-point
// type). The three spans have the same size, whole elements, little-endian, of any alignment; `out`
// may not overlap the others.
void SubtractElements(DType dtype, std::span<const std::byte> trained,
                      std::span<const std::byte> base, std::span<std::byte> out);

// Whether every element of a floating-point array is finite. Spans as above.
bool AllFinite(DType dtype, std::span<const std::byte> elements);

}  // namespace fedge
