#pragma once

#include <cstddef>
#include <cstdint>

#include "fedge/tensor/dtype.h"

namespace fedge::portable {

// Kernels compute in float, double or std::int64_t (T below), whatever their tensors are stored as.

// The type in which tensors of this dtype are computed: float32 (for the half types as well),
// float64, or int64 for integers and bool.
constexpr DType ComputeType(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return DType::kFloat64;
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kBFloat16:
      return DType::kFloat32;
    default:
      return DType::kInt64;
  }
}

template <class T>
constexpr DType DTypeOf();
template <>
constexpr DType DTypeOf<float>() {
  return DType::kFloat32;
}
template <>
constexpr DType DTypeOf<double>() {
  return DType::kFloat64;
}
template <>
constexpr DType DTypeOf<std::int64_t>() {
  return DType::kInt64;
}

// to[i] = element i of a row of `count` elements of `dtype`, `stride` elements apart; 0 repeats
// one.
template <class T>
void Load(const std::byte* from, DType dtype, std::int64_t stride, std::int64_t count, T* to);

// The reverse, as PyTorch converts: floating point to the nearest, even of two; to integers towards
// zero, then wrapped; to bool whether it is not 0. Rows that do not fit an integer at all are
// converted to its least value.
template <class T>
void Store(const T* from, std::int64_t count, std::byte* to, DType dtype, std::int64_t stride);

// The row where it lies if it is one of T already, else converted into `buffer`.
template <class T>
const T* Read(const std::byte* from, DType dtype, std::int64_t stride, std::int64_t count,
              T* buffer) {
  if (stride == 1 && dtype == DTypeOf<T>()) return reinterpret_cast<const T*>(from);
  Load(from, dtype, stride, count, buffer);
  return buffer;
}

// fn.operator()<T>() with the type that ComputeType(dtype) names.
template <class Fn>
auto WithComputeType(DType dtype, Fn&& fn) {
  switch (ComputeType(dtype)) {
    case DType::kFloat64:
      return fn.template operator()<double>();
    case DType::kFloat32:
      return fn.template operator()<float>();
    default:
      return fn.template operator()<std::int64_t>();
  }
}

extern template void Load(const std::byte*, DType, std::int64_t, std::int64_t, float*);
extern template void Load(const std::byte*, DType, std::int64_t, std::int64_t, double*);
extern template void Load(const std::byte*, DType, std::int64_t, std::int64_t, std::int64_t*);
extern template void Store(const float*, std::int64_t, std::byte*, DType, std::int64_t);
extern template void Store(const double*, std::int64_t, std::byte*, DType, std::int64_t);
extern template void Store(const std::int64_t*, std::int64_t, std::byte*, DType, std::int64_t);

}  // namespace fedge::portable
