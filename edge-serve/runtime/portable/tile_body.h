#pragma once

// The tile kernels, for the instruction set that the including file is compiled for: see vector.h.

#include <cstddef>
#include <cstdint>

#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "fedge/engine/portable/tile.h"
#include "fedge/engine/portable/vector.h"

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
constexpr std::size_t kVectors = 2, kRows = 8;
#elif defined(__aarch64__)
constexpr std::size_t kVectors = 4, kRows = 5;
#else
constexpr std::size_t kVectors = 2, kRows = 6;
#endif
static_assert(kRows <= kMaxTileRows && kBlockRows % kRows == 0);
static_assert(kVectorBytes * kVectors <= kMaxTileColumns * sizeof(float));

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
      StoreVector(tile.sums + static_cast<std::int64_t>(r) * tile.pitch + v * kLanes, sums[r][v]);
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

// A single row has too few sums in one panel to keep the CPU busy.
template <class T>
void RunRow(const Tile<T>& tile) {
  using Sums = typename Vector<T>::Type;
  constexpr std::size_t kLanes = Vector<T>::kLanes;
  constexpr auto kPanels = static_cast<std::size_t>(kRowPanels);
  const std::int64_t panel_size =
      tile.num_taps * tile.length * static_cast<std::int64_t>(kVectors * kLanes);
  Sums sums[kPanels][kVectors];
  for (std::size_t p = 0; p < kPanels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[p][v] =
          tile.bias == nullptr ? Sums{} : LoadVector(tile.bias + (p * kVectors + v) * kLanes);
    }
  }
  const T* panel = tile.panel;
  for (std::int64_t t = 0; t < tile.num_taps; ++t) {
    const T* const row = tile.rows[static_cast<std::size_t>(t) * kRows] + tile.shift;
    for (std::int64_t i = 0; i < tile.length; ++i) {
      const Sums x = row[i] - Sums{};
      for (std::size_t p = 0; p < kPanels; ++p) {
        const T* const weights = panel + static_cast<std::int64_t>(p) * panel_size;
        for (std::size_t v = 0; v < kVectors; ++v) {
          sums[p][v] = MultiplyAdd(x, LoadVector(weights + v * kLanes), sums[p][v]);
        }
      }
      panel += kVectors * kLanes;
    }
  }
  for (std::size_t p = 0; p < kPanels; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      StoreVector(tile.sums + (p * kVectors + v) * kLanes, sums[p][v]);
    }
  }
}

template <class T>
void DepthwisePart(const Tile<T>& tile, std::int64_t num_columns) {
  constexpr std::int64_t kWidth = kVectors / 2 * Vector<T>::kLanes;
  for (std::int64_t r = 0; r < tile.num_rows; ++r) {
    T* const sums = tile.sums + r * tile.pitch;
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
          DepthwisePart<T>,
          RunRow<T>};
}

TileKernelSet TheseKernels() { return {KernelsOf<float>(), KernelsOf<double>()}; }

}  // namespace
}  // namespace fedge::portable
