#include "fedge/engine/numbers.h"

#include <cstdint>
#include <cstring>

#include "fedge/tensor/number.h"

namespace fedge::internal {
namespace {

template <class T>
void ScaleAs(double factor, std::byte* elements, std::size_t count) {
  T* values = reinterpret_cast<T*>(elements);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<T>(static_cast<double>(values[i]) * factor);
  }
}

}  // namespace

void CopyRegion(const std::byte* from, const Region& region, std::size_t element_bytes,
                std::byte* to) {
  const std::int64_t count = NumElements(region.dims);
  if (count == 0) return;
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  from += region.offset * bytes;
  if (IsDense(region, Layout::kRowMajor)) {
    std::memcpy(to, from, static_cast<std::size_t>(count * bytes));
    return;
  }
  Dims index(region.dims.size(), 0);
  for (std::int64_t i = 0; i < count; ++i, to += bytes) {
    std::memcpy(to, from, element_bytes);
    for (std::size_t d = index.size(); d-- > 0;) {
      from += region.strides[d] * bytes;
      if (++index[d] < region.dims[d]) break;
      from -= region.strides[d] * region.dims[d] * bytes;
      index[d] = 0;
    }
  }
}

void Scale(DType dtype, double factor, std::byte* elements, std::size_t count) {
  if (dtype == DType::kFloat32) return ScaleAs<float>(factor, elements, count);
  if (dtype == DType::kFloat64) return ScaleAs<double>(factor, elements, count);
  const std::size_t size = DTypeSize(dtype);
  for (std::size_t i = 0; i < count; ++i, elements += size) {
    StoreNumber(dtype, LoadNumber(dtype, elements) * factor, elements);
  }
}

}  // namespace fedge::internal
