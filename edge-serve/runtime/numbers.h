#pragma once

#include <cstddef>

#include "fedge/engine/views.h"
#include "fedge/tensor/dtype.h"

// Elements of tensors of any dtype, where speed does not matter.
namespace fedge::internal {

// The elements of a region of `from`, one after the other.
void CopyRegion(const std::byte* from, const Region& region, std::size_t element_bytes,
                std::byte* to);

// Multiplies `count` floating-point elements.
void Scale(DType dtype, double factor, std::byte* elements, std::size_t count);

}  // namespace fedge::internal
