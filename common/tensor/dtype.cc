#include "fedge/tensor/dtype.h"

#include <array>
#include <cmath>
#include <utility>

namespace fedge {
namespace {

struct DTypeInfo {
  std::string_view name;
  std::size_t size;
  bool floating;
};

constexpr std::array<DTypeInfo, 10> kInfo = {{{"float64", 8, true},
                                              {"float32", 4, true},
                                              {"float16", 2, true},
                                              {"bfloat16", 2, true},
                                              {"int64", 8, false},
                                              {"int32", 4, false},
                                              {"int16", 2, false},
                                              {"int8", 1, false},
                                              {"uint8", 1, false},
                                              {"bool", 1, false}}};

const DTypeInfo& Info(DType dtype) { return kInfo[static_cast<std::size_t>(dtype)]; }

// Rounds |value| to a format of `mantissa_bits` stored bits with exponents from min_exponent, to
// nearest even, and packs it below the sign bit. An overflow becomes infinity through the carry
// into the exponent field.
std::uint16_t PackNarrow(double value, int mantissa_bits, int min_exponent, int max_exponent) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const int exponent_shift = mantissa_bits;
  const auto infinity =
      static_cast<std::uint16_t>((max_exponent - min_exponent + 2) << exponent_shift);
  const double magnitude = std::fabs(value);
  if (std::isnan(value))
    return static_cast<std::uint16_t>(sign | infinity | (1 << (mantissa_bits - 1)));
  if (std::isinf(value)) return static_cast<std::uint16_t>(sign | infinity);
  if (magnitude == 0) return sign;
  const int exponent = std::max(std::ilogb(magnitude), min_exponent);
  if (exponent > max_exponent) return static_cast<std::uint16_t>(sign | infinity);
  // The significand in units of the last stored bit; exact in double, so rint rounds once, to
  // nearest even.
  const double units = std::rint(std::ldexp(magnitude, mantissa_bits - exponent));
  const auto significand = static_cast<std::uint32_t>(units);
  const auto biased =
      static_cast<std::uint32_t>(exponent - min_exponent);  // 0 for the subnormal range too
  const std::uint32_t bits = (biased << exponent_shift) + significand;
  return static_cast<std::uint16_t>(sign | bits);
}

}  // namespace

std::size_t DTypeSize(DType dtype) { return Info(dtype).size; }
bool IsFloatingPoint(DType dtype) { return Info(dtype).floating; }
std::string_view DTypeName(DType dtype) { return Info(dtype).name; }

std::optional<DType> DTypeFromName(std::string_view name) {
  for (std::size_t i = 0; i < kInfo.size(); ++i) {
    if (kInfo[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::uint16_t DoubleToHalf(double value) { return PackNarrow(value, 10, -14, 15); }
std::uint16_t DoubleToBFloat16(double value) { return PackNarrow(value, 7, -126, 127); }

}  // namespace fedge
