#pragma once

#include <cstddef>
#include <span>

#include "fedge/tensor/dtype.h"

// Elements of tensors of any dtype as numbers, where speed does not matter. They may lie at any
// address. int64 beyond 2^53 is rounded.
namespace fedge {

double LoadNumber(DType dtype, const std::byte* element);
void StoreNumber(DType dtype, double number, std::byte* element);

// The element at `index`.
inline double NumberAt(DType dtype, std::span<const std::byte> elements, std::size_t index) {
  return LoadNumber(dtype, elements.data() + index * DTypeSize(dtype));
}

}  // namespace fedge
