#pragma once

// The tile kernels, for the instruction set that the including file is compiled for. Included once
// per such file, and nowhere else: everything here has internal linkage, and nothing else is
// included that has inline functions, so that no code of a newer instruction set gets out.

#include <cstddef>
#include <cstdint>

#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "fedge/engine/portable/tile.h"

#define FEDGE_INLINE [[gnu::always_inline]] inline
// In front of loops over the tile: GCC for aarch64 else stores its sums at every step. Clang
// unrolls unasked.
#if defined(__clang__)
#define FEDGE_UNROLL
#else
#define FEDGE_UNROLL _Pragma("GCC unroll 8")
#endif

namespace fedge::portable {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t kVectorBytes = 64, kVectors = 2, kRows = 8;
#elif defined(__AVX2__)
constexpr std::size_t kVectorBytes = 32, kVectors = 2, kRows = 6;
#elif defined(__aarch64__)
constexpr std::size_t kVectorBytes = 16, kVectors = 4, kRows = 5;
#else
constexpr std::size_t kVectorBytes = 16, kVectors = 2, kRows = 6;
#endif
static_assert(kRows <= kMaxTileRows && kBlockRows % kRows == 0);
static_assert(kVectorBytes * kVectors <= kMaxTileColumns * sizeof(float));

// GCC's and Clang's vector types.
template <class T>
struct Vector {
  typedef T Type __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
  static constexpr std::size_t kLanes = kVectorBytes / sizeof(T);
};
using Floats = Vector<float>::Type;
using Doubles = Vector<double>::Type;

template <class T>
FEDGE_INLINE typename Vector<T>::Type LoadVector(const T* from) {
  return *reinterpret_cast<const typename Vector<T>::Unaligned*>(from);
}

template <class T>
FEDGE_INLINE void StoreVector(T* to, typename Vector<T>::Type vector) {
  *reinterpret_cast<typename Vector<T>::Unaligned*>(to) = vector;
}

// a * b + sum, rounded once where the CPU can.
FEDGE_INLINE Floats MultiplyAdd(Floats a, Floats b, Floats sum) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, sum);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, sum);
#elif defined(__aarch64__)
  return vfmaq_f32(sum, a, b);
#else
  return a * b + sum;
#endif
}
FEDGE_INLINE Doubles MultiplyAdd(Doubles a, Doubles b, Doubles sum) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(a, b, sum);
#elif defined(__FMA__)
  return _mm256_fmadd_pd(a, b, sum);
#elif defined(__aarch64__)
  return vfmaq_f64(sum, a, b);
#else
  return a * b + sum;
#endif
}

FEDGE_INLINE float MultiplyAdd(float a, float b, float sum) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, sum);
#else
  return a * b + sum;
#endif
}
FEDGE_INLINE double MultiplyAdd(double a, double b, double sum) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fma(a, b, sum);
#else
  return a * b + sum;
#endif
}

enum class Rows { kShared, kDepthwise };  // whether all columns multiply the same element of a row

template <class T, Rows kKind, std::size_t kNumVectors, std::size_t kNumRows>
FEDGE_INLINE void RunTile(const Tile<T>& tile) {
  using Sums = typename Vector<T>::Type;
  constexpr std::size_t kLanes = Vector<T>::kLanes;
  Sums bias[kNumVectors], sums[kNumRows][kNumVectors];
  FEDGE_UNROLL
  for (std::size_t v = 0; v < kNumVectors; ++v) {
    bias[v] = tile.bias == nullptr ? Sums{} : LoadVector(tile.bias + v * kLanes);
  }
  FEDGE_UNROLL
  for (std::size_t r = 0; r < kNumRows; ++r) {
    FEDGE_UNROLL
    for (std::size_t v = 0; v < kNumVectors; ++v) sums[r][v] = bias[v];
  }
  const std::int64_t length = kKind == Rows::kDepthwise ? 1 : tile.length;
  const T* panel = tile.panel;
  for (std::int64_t t = 0; t < tile.num_taps; ++t) {
    const T* rows[kNumRows];
    FEDGE_UNROLL
    for (std::size_t r = 0; r < kNumRows; ++r) {
      rows[r] = tile.rows[static_cast<std::size_t>(t) * kRows + r] + tile.shift;
    }
    for (std::int64_t i = 0; i < length; ++i) {
      Sums weights[kNumVectors];
      FEDGE_UNROLL
      for (std::size_t v = 0; v < kNumVectors; ++v) weights[v] = LoadVector(panel + v * kLanes);
      FEDGE_UNROLL
      for (std::size_t r = 0; r < kNumRows; ++r) {
        FEDGE_UNROLL
        for (std::size_t v = 0; v < kNumVectors; ++v) {
          const Sums x =
              kKind == Rows::kDepthwise ? LoadVector(rows[r] + v * kLanes) : rows[r][i] - Sums{};
          sums[r][v] = MultiplyAdd(x, weights[v], sums[r][v]);
        }
      }
      panel += kNumVectors * kLanes;
    }
  }
  FEDGE_UNROLL
  for (std::size_t r = 0; r < kNumRows; ++r) {
    FEDGE_UNROLL
    for (std::size_t v = 0; v < kNumVectors; ++v) {
      StoreVector(tile.sums + (r * kNumVectors + v) * kLanes, sums[r][v]);
    }
  }
}

// The tile of as many rows as there are.
template <class T, Rows kKind, std::size_t kNumVectors, std::size_t kNumRows = kRows>
void AnyRows(const Tile<T>& tile) {
  if constexpr (kNumRows > 1) {
    if (tile.num_rows < static_cast<std::int64_t>(kNumRows)) {
      return AnyRows<T, kKind, kNumVectors, kNumRows - 1>(tile);
    }
  }
  RunTile<T, kKind, kNumVectors, kNumRows>(tile);
}

template <class T>
void DepthwisePart(const Tile<T>& tile, std::int64_t num_columns) {
  constexpr std::int64_t kWidth = kVectors / 2 * Vector<T>::kLanes;
  for (std::int64_t r = 0; r < tile.num_rows; ++r) {
    T* const sums = tile.sums + r * kWidth;
    for (std::int64_t j = 0; j < num_columns; ++j)
      sums[j] = tile.bias == nullptr ? 0 : tile.bias[j];
    for (std::int64_t t = 0; t < tile.num_taps; ++t) {
      const T* const row = tile.rows[t * static_cast<std::int64_t>(kRows) + r] + tile.shift;
      const T* const weights = tile.panel + t * kWidth;
      for (std::int64_t j = 0; j < num_columns; ++j) {
        sums[j] = MultiplyAdd(row[j], weights[j], sums[j]);
      }
    }
  }
}

template <class T>
TileKernels<T> KernelsOf() {
  return {kRows,
          kVectors * Vector<T>::kLanes,
          AnyRows<T, Rows::kShared, kVectors>,
          AnyRows<T, Rows::kShared, kVectors / 2>,
          AnyRows<T, Rows::kDepthwise, kVectors / 2>,
          DepthwisePart<T>};
}

TileKernelSet TheseKernels() { return {KernelsOf<float>(), KernelsOf<double>()}; }

}  // namespace
}  // namespace fedge::portable
