#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "fedge/common/hash.h"
#include "fedge/common/random.h"
#include "fedge/tensor/dtype.h"
#include "fedge/tensor/number.h"

// Elements of every dtype as bytes and as numbers, by the conversions of fedge/tensor/number.h.
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
  std::string bytes(DTypeSize(dtype), '\0');
  StoreNumber(dtype, value, std::as_writable_bytes(std::span(bytes)).data());
  return bytes;
}

inline std::string Elements(DType dtype, const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) bytes += Element(dtype, value);
  return bytes;
}

inline double Number(DType dtype, const std::string& bytes, std::size_t index) {
  return NumberAt(dtype, AsBytes(bytes), index);
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
