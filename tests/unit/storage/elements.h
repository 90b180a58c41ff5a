#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "fedge/common/check.h"
#include "fedge/common/random.h"
#include "fedge/tensor/dtype.h"

// Elements of every dtype as bytes and as numbers, by the conversions of fedge/tensor/dtype.h.
namespace fedge::testing {

inline constexpr DType kFloatTypes[] = {DType::kFloat64, DType::kFloat32, DType::kFloat16,
                                        DType::kBFloat16};

template <typename T>
std::string Raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// The one element of `dtype` that is nearest to `value`.
inline std::string Element(DType dtype, double value) {
  switch (dtype) {
    case DType::kFloat64:
      return Raw(value);
    case DType::kFloat32:
      return Raw(static_cast<float>(value));
    case DType::kFloat16:
      return Raw(DoubleToHalf(value));
    case DType::kBFloat16:
      return Raw(DoubleToBFloat16(value));
    case DType::kInt64:
      return Raw(static_cast<std::int64_t>(value));
    case DType::kInt32:
      return Raw(static_cast<std::int32_t>(value));
    case DType::kInt16:
      return Raw(static_cast<std::int16_t>(value));
    case DType::kInt8:
      return Raw(static_cast<std::int8_t>(value));
    default:
      return Raw(static_cast<std::uint8_t>(value));
  }
}

inline std::string Elements(DType dtype, const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) bytes += Element(dtype, value);
  return bytes;
}

// Floating-point dtypes only.
inline double Number(DType dtype, const std::string& bytes, std::size_t index) {
  const char* element = bytes.data() + index * DTypeSize(dtype);
  double wide = 0;
  float single = 0;
  std::uint16_t half = 0;
  switch (dtype) {
    case DType::kFloat64:
      std::memcpy(&wide, element, 8);
      return wide;
    case DType::kFloat32:
      std::memcpy(&single, element, 4);
      return single;
    default:
      std::memcpy(&half, element, 2);
      return dtype == DType::kFloat16 ? HalfToFloat(half) : BFloat16ToFloat(half);
  }
}

// Finite values of all magnitudes that a small model has, with zeros of both signs and subnormals.
inline std::string RandomElements(DType dtype, std::size_t count, Random& random) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const double sign = random.Below(2) == 0 ? 1 : -1;
    const int exponent = static_cast<int>(random.Below(30)) - 26;
    double value = sign * std::ldexp(random.Uniform(), exponent);
    if (random.Below(16) == 0) value = sign * 0.0;
    if (random.Below(16) == 0) value = sign * (dtype == DType::kFloat16 ? 6e-8 : 1e-40);
    bytes += Element(dtype, value);
  }
  return bytes;
}

}  // namespace fedge::testing
