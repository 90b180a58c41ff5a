#include "fedge/engine/numbers.h"

#include <cstdint>
#include <cstring>

namespace fedge::internal {
namespace {

template <class T>
double LoadAs(const std::byte* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return static_cast<double>(value);
}

template <class T>
void StoreAs(double number, std::byte* element) {
  const T value = static_cast<T>(number);
  std::memcpy(element, &value, sizeof value);
}

std::uint16_t LoadBits(const std::byte* element) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, element, sizeof bits);
  return bits;
}

void StoreBits(std::uint16_t bits, std::byte* element) { std::memcpy(element, &bits, sizeof bits); }

template <class T>
void ScaleAs(double factor, std::byte* elements, std::size_t count) {
  T* values = reinterpret_cast<T*>(elements);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<T>(static_cast<double>(values[i]) * factor);
  }
}

}  // namespace

double LoadNumber(DType dtype, const std::byte* element) {
  switch (dtype) {
    case DType::kFloat64:
      return LoadAs<double>(element);
    case DType::kFloat32:
      return LoadAs<float>(element);
    case DType::kFloat16:
      return static_cast<double>(HalfToFloat(LoadBits(element)));
    case DType::kBFloat16:
      return static_cast<double>(BFloat16ToFloat(LoadBits(element)));
    case DType::kInt64:
      return LoadAs<std::int64_t>(element);
    case DType::kInt32:
      return LoadAs<std::int32_t>(element);
    case DType::kInt16:
      return LoadAs<std::int16_t>(element);
    case DType::kInt8:
      return LoadAs<std::int8_t>(element);
    case DType::kUInt8:
    case DType::kBool:
      return LoadAs<std::uint8_t>(element);
  }
  return 0;
}

void StoreNumber(DType dtype, double number, std::byte* element) {
  switch (dtype) {
    case DType::kFloat64:
      return StoreAs<double>(number, element);
    case DType::kFloat32:
      return StoreAs<float>(number, element);
    case DType::kFloat16:
      return StoreBits(DoubleToHalf(number), element);
    case DType::kBFloat16:
      return StoreBits(DoubleToBFloat16(number), element);
    case DType::kInt64:
      return StoreAs<std::int64_t>(number, element);
    case DType::kInt32:
      return StoreAs<std::int32_t>(number, element);
    case DType::kInt16:
      return StoreAs<std::int16_t>(number, element);
    case DType::kInt8:
      return StoreAs<std::int8_t>(number, element);
    case DType::kUInt8:
      return StoreAs<std::uint8_t>(number, element);
    case DType::kBool:
      return StoreAs<std::uint8_t>(number != 0 ? 1 : 0, element);
  }
}

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
