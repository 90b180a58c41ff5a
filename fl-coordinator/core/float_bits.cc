#include "fedge/coordinator/float_bits.h"

#include <algorithm>
#include <cstring>

#include "fedge/common/check.h"

namespace fedge {
namespace {

template <typename T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename Unsigned>
std::optional<std::size_t> FirstAtLeast(std::span<const std::byte> bytes, std::uint64_t limit) {
  constexpr Unsigned kMagnitude = static_cast<Unsigned>(~Unsigned{0}) >> 1;
  constexpr std::size_t kBlock = 4096 / sizeof(Unsigned);
  const auto largest = static_cast<Unsigned>(limit - 1);
  const std::size_t size = bytes.size() / sizeof(Unsigned);
  const auto magnitude = [&](std::size_t i) -> Unsigned {
    return Load<Unsigned>(bytes.data() + i * sizeof(Unsigned)) & kMagnitude;
  };
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, size);
    // Larger than `largest` exactly if the difference is negative; a comparison would not vectorise
    // for 64 bits on every machine.
    Unsigned sign = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sign = static_cast<Unsigned>(sign | static_cast<Unsigned>(largest - magnitude(i)));
    }
    if (sign <= kMagnitude) continue;
    for (std::size_t i = begin; i < end; ++i) {
      if (magnitude(i) > largest) return i;
    }
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t InfinityBits(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return 0x7ff0'0000'0000'0000;
    case DType::kFloat32:
      return 0x7f80'0000;
    case DType::kFloat16:
      return 0x7c00;
    case DType::kBFloat16:
      return 0x7f80;
    default:
      FEDGE_CHECK(IsFloatingPoint(dtype));
      return 0;
  }
}

std::uint64_t DeltaLimitBits(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      // 2^960: times a weight below 2^29, summed over fewer than 2^32 updates, still below 2^1023.
      return std::uint64_t{960 + 1023} << 52;
    default:
      // Half of the range: one less than infinity in the exponent field.
      const std::uint64_t infinity = InfinityBits(dtype);
      const std::uint64_t lowest_exponent_bit = infinity & (~infinity + 1);
      return infinity - lowest_exponent_bit;
  }
}

std::optional<std::size_t> FirstAtLeast(DType dtype, std::span<const std::byte> bytes,
                                        std::uint64_t limit) {
  switch (DTypeSize(dtype)) {
    case 8:
      return FirstAtLeast<std::uint64_t>(bytes, limit);
    case 4:
      return FirstAtLeast<std::uint32_t>(bytes, limit);
    default:
      return FirstAtLeast<std::uint16_t>(bytes, limit);
  }
}

}  // namespace fedge
