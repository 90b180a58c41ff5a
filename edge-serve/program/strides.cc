#include "fedge/program/strides.h"

#include <algorithm>

namespace fedge::internal {

std::optional<Dims> RowMajorStrides(std::span<const std::int64_t> dims) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    if (dims[i] < 0 ||
        __builtin_mul_overflow(stride, std::max<std::int64_t>(dims[i], 1), &stride)) {
      return std::nullopt;
    }
  }
  return strides;
}

}  // namespace fedge::internal
