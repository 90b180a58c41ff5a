#include "fedge/tensor/number.h"

#include <cstdint>
#include <cstring>

#include "fedge/tensor/half.h"

namespace fedge {
namespace {

template <class T>
T Load(const std::byte* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

template <class T>
void Store(T value, std::byte* element) {
  std::memcpy(element, &value, sizeof value);
}

}  // namespace

double LoadNumber(DType dtype, const std::byte* element) {
  switch (dtype) {
    case DType::kFloat64:
      return Load<double>(element);
    case DType::kFloat32:
      return static_cast<double>(Load<float>(element));
    case DType::kFloat16:
      return static_cast<double>(HalfToFloat(Load<std::uint16_t>(element)));
    case DType::kBFloat16:
      return static_cast<double>(BFloat16ToFloat(Load<std::uint16_t>(element)));
    case DType::kInt64:
      return static_cast<double>(Load<std::int64_t>(element));
    case DType::kInt32:
      return Load<std::int32_t>(element);
    case DType::kInt16:
      return Load<std::int16_t>(element);
    case DType::kInt8:
      return Load<std::int8_t>(element);
    case DType::kUInt8:
    case DType::kBool:
      return Load<std::uint8_t>(element);
  }
  return 0;
}

void StoreNumber(DType dtype, double number, std::byte* element) {
  switch (dtype) {
    case DType::kFloat64:
      return Store(number, element);
    case DType::kFloat32:
      return Store(static_cast<float>(number), element);
    case DType::kFloat16:
      return Store(DoubleToHalf(number), element);
    case DType::kBFloat16:
      return Store(DoubleToBFloat16(number), element);
    case DType::kInt64:
      return Store(static_cast<std::int64_t>(number), element);
    case DType::kInt32:
      return Store(static_cast<std::int32_t>(number), element);
    case DType::kInt16:
      return Store(static_cast<std::int16_t>(number), element);
    case DType::kInt8:
      return Store(static_cast<std::int8_t>(number), element);
    case DType::kUInt8:
      return Store(static_cast<std::uint8_t>(number), element);
    case DType::kBool:
      return Store(static_cast<std::uint8_t>(number != 0 ? 1 : 0), element);
  }
}

}  // namespace fedge
