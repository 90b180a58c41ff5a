#include "fedge/learn/payload.h"

#include <cstdint>
#include <cstring>

#include "fedge/common/check.h"

namespace fedge {
namespace {

template <typename T>
T Load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

template <typename T, typename Difference>
void Subtract(std::span<const std::byte> trained, std::span<const std::byte> base,
              std::span<std::byte> out, Difference difference) {
  for (std::size_t i = 0; i + sizeof(T) <= out.size(); i += sizeof(T)) {
    const T after = Load<T>(trained.data() + i);
    const T before = Load<T>(base.data() + i);
    // An infinity of the model that training left alone has no difference to itself.
    const bool same = std::memcmp(&after, &before, sizeof(T)) == 0;
    const T value = same ? T{} : difference(after, before);
    std::memcpy(out.data() + i, &value, sizeof(value));
  }
}

// IEEE formats, and bfloat16, are finite unless all exponent bits are set.
template <typename T>
bool ExponentsBelow(T exponent_mask, std::span<const std::byte> elements) {
  bool finite = true;
  for (std::size_t i = 0; i + sizeof(T) <= elements.size(); i += sizeof(T)) {
    finite &= (Load<T>(elements.data() + i) & exponent_mask) != exponent_mask;
  }
  return finite;
}

}  // namespace

void SubtractElements(DType dtype, std::span<const std::byte> trained,
                      std::span<const std::byte> base, std::span<std::byte> out) {
  FEDGE_CHECK(trained.size() == out.size() && base.size() == out.size());
  switch (dtype) {
    case DType::kFloat64:
      return Subtract<double>(trained, base, out, [](double a, double b) { return a - b; });
    case DType::kFloat32:
      return Subtract<float>(trained, base, out, [](float a, float b) { return a - b; });
    case DType::kFloat16:
      return Subtract<std::uint16_t>(trained, base, out, [](std::uint16_t a, std::uint16_t b) {
        return DoubleToHalf(static_cast<double>(HalfToFloat(a)) -
                            static_cast<double>(HalfToFloat(b)));
      });
    case DType::kBFloat16:
      return Subtract<std::uint16_t>(trained, base, out, [](std::uint16_t a, std::uint16_t b) {
        return DoubleToBFloat16(static_cast<double>(BFloat16ToFloat(a)) -
                                static_cast<double>(BFloat16ToFloat(b)));
      });
    default:
      FEDGE_CHECK(IsFloatingPoint(dtype));
  }
}

bool AllFinite(DType dtype, std::span<const std::byte> elements) {
  switch (dtype) {
    case DType::kFloat64:
      return ExponentsBelow<std::uint64_t>(0x7ff0000000000000U, elements);
    case DType::kFloat32:
      return ExponentsBelow<std::uint32_t>(0x7f800000U, elements);
    case DType::kFloat16:
      return ExponentsBelow<std::uint16_t>(0x7c00U, elements);
    case DType::kBFloat16:
      return ExponentsBelow<std::uint16_t>(0x7f80U, elements);
    default:
      return true;
  }
}

}  // namespace fedge
