#include "fedge/coordinator/square_sum.h"

#include <cstring>

#include "fedge/common/check.h"
#include "fedge/tensor/narrow_float.h"

namespace fedge {

template <typename T, typename Widen>
void SquareSum::AddElements(std::uint64_t first, std::span<const std::byte> bytes, Widen widen) {
  const std::size_t count = bytes.size() / sizeof(T);
  const auto element = [&](std::size_t i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return static_cast<double>(widen(value));
  };
  std::size_t i = 0;
  const auto add_one = [&] {
    const double value = element(i);
    lanes_[(first + i) % kLanes] += value * value;
    ++i;
  };
  while (i < count && (first + i) % kLanes != 0) add_one();
  std::array<double, kLanes> lanes = lanes_;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double value = element(i + lane);
      lanes[lane] += value * value;
    }
  }
  lanes_ = lanes;
  while (i < count) add_one();
}

void SquareSum::Add(DType dtype, std::uint64_t first, std::span<const std::byte> bytes) {
  switch (dtype) {
    case DType::kFloat64:
      return AddElements<double>(first, bytes, [](double value) { return value; });
    case DType::kFloat32:
      return AddElements<float>(first, bytes, [](float value) { return value; });
    case DType::kFloat16:
      return AddElements<std::uint16_t>(first, bytes, WidenToFloat<Float16Format>);
    case DType::kBFloat16:
      return AddElements<std::uint16_t>(first, bytes, WidenToFloat<BFloat16Format>);
    default:
      FEDGE_CHECK(IsFloatingPoint(dtype));
  }
}

double SquareSum::Total() const {
  double total = 0;
  for (const double lane : lanes_) total += lane;
  return total;
}

}  // namespace fedge
