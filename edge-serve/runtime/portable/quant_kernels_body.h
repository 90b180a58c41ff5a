#pragma once

// The inner loops of integer layers, for the instruction set that the including file is compiled
// for. Included once per such file, and nowhere else: see tile_body.h. Loops without intrinsics are
// written so that compilers make vectors of them.

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "fedge/engine/portable/quant_kernels.h"

#define FEDGE_INLINE [[gnu::always_inline]] inline

namespace fedge::portable {
namespace {

#if defined(__AVX512VNNI__)
constexpr std::size_t kRows = 8, kColumns = 32;
#else
constexpr std::size_t kRows = 4, kColumns = 16;
#endif
static_assert(kRows <= kMaxQuantRows && kColumns <= kMaxQuantColumns);

// Up to four bytes, the first one in the lowest bits; zeros behind them.
FEDGE_INLINE std::int32_t LoadWord(const std::uint8_t* from, std::int64_t count) {
  std::uint32_t word = 0;
  if (count >= 4) {
    __builtin_memcpy(&word, from, 4);
  } else {
    for (std::int64_t i = 0; i < count; ++i) word |= std::uint32_t{from[i]} << (8 * i);
  }
  return static_cast<std::int32_t>(word);
}

#if defined(__AVX512VNNI__)

constexpr std::size_t kVectors = 2;
using Sums = __m512i;
struct Weights {
  __m512i bytes;
};
struct Elements {
  __m512i bytes;
};
FEDGE_INLINE Weights LoadWeights(const std::int8_t* from) { return {_mm512_loadu_si512(from)}; }
FEDGE_INLINE Elements Broadcast(std::int32_t word) { return {_mm512_set1_epi32(word)}; }
FEDGE_INLINE Sums MultiplyAdd(Sums sums, const Elements& x, const Weights& w) {
  return _mm512_dpbusd_epi32(sums, x.bytes, w.bytes);
}
FEDGE_INLINE void StoreSums(std::int32_t* to, Sums sums) { _mm512_storeu_si512(to, sums); }

#elif defined(__AVX2__)

// Elements 0 and 2 of each four, and 1 and 3, as 16 bits: products of two fit into 32 bits, where
// the instruction for bytes (pmaddubsw) saturates at 16.
constexpr std::size_t kVectors = 2;
using Sums = __m256i;
struct Weights {
  __m256i even, odd;
};
struct Elements {
  __m256i even, odd;
};
FEDGE_INLINE Weights LoadWeights(const std::int8_t* from) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
}
FEDGE_INLINE Elements Broadcast(std::int32_t word) {
  const __m256i bytes = _mm256_set1_epi32(word);
  return {_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(bytes, 8)};
}
FEDGE_INLINE Sums MultiplyAdd(Sums sums, const Elements& x, const Weights& w) {
  return _mm256_add_epi32(
      sums, _mm256_add_epi32(_mm256_madd_epi16(x.even, w.even), _mm256_madd_epi16(x.odd, w.odd)));
}
FEDGE_INLINE void StoreSums(std::int32_t* to, Sums sums) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sums);
}

#else

// One vector of all columns, in arrays.
constexpr std::size_t kVectors = 1;
struct Sums {
  std::int32_t columns[kColumns];
};
struct Weights {
  const std::int8_t* bytes;
};
struct Elements {
  std::int32_t x[4];
};
FEDGE_INLINE Weights LoadWeights(const std::int8_t* from) { return {from}; }
FEDGE_INLINE Elements Broadcast(std::int32_t word) {
  return {{word & 255, (word >> 8) & 255, (word >> 16) & 255, (word >> 24) & 255}};
}
FEDGE_INLINE Sums MultiplyAdd(Sums sums, const Elements& x, const Weights& w) {
  for (std::size_t j = 0; j < kColumns; ++j) {
    for (std::size_t k = 0; k < 4; ++k) sums.columns[j] += x.x[k] * w.bytes[j * 4 + k];
  }
  return sums;
}
FEDGE_INLINE void StoreSums(std::int32_t* to, const Sums& sums) {
  for (std::size_t j = 0; j < kColumns; ++j) to[j] = sums.columns[j];
}

#endif

constexpr std::size_t kLanes = kColumns / kVectors;

// Sums of kNumRows rows over one tap.
template <std::size_t kNumRows>
FEDGE_INLINE const std::int8_t* AddTap(const QuantTile& tile, const std::uint8_t* const* tap,
                                       const std::int8_t* panel, Sums (&sums)[kNumRows][kVectors]) {
  const std::uint8_t* rows[kNumRows];
  for (std::size_t r = 0; r < kNumRows; ++r) rows[r] = tap[r] + tile.shift;
  const auto step = [&](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
    Weights weights[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) weights[v] = LoadWeights(panel + v * kLanes * 4);
    for (std::size_t r = 0; r < kNumRows; ++r) {
      const Elements x = Broadcast(LoadWord(rows[r] + i, count));
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[r][v] = MultiplyAdd(sums[r][v], x, weights[v]);
      }
    }
    panel += kColumns * 4;
  };
  std::int64_t i = 0;
  for (; i + 4 <= tile.length; i += 4) step(i, 4);
  if (i < tile.length) step(i, tile.length - i);
  return panel;
}

template <std::size_t kNumRows>
FEDGE_INLINE void RunTile(const QuantTile& tile) {
  Sums sums[kNumRows][kVectors] = {};
  const std::int8_t* panel = tile.panel;
  for (std::int64_t t = 0; t < tile.num_taps; ++t) {
    panel = AddTap<kNumRows>(tile, tile.rows + static_cast<std::size_t>(t) * kRows, panel, sums);
  }
  for (std::size_t r = 0; r < kNumRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      StoreSums(tile.sums + r * kColumns + v * kLanes, sums[r][v]);
    }
  }
}

// The tile of as many rows as there are.
template <std::size_t kNumRows = kRows>
void AnyRows(const QuantTile& tile) {
  if constexpr (kNumRows > 1) {
    if (tile.num_rows < static_cast<std::int64_t>(kNumRows)) return AnyRows<kNumRows - 1>(tile);
  }
  RunTile<kNumRows>(tile);
}

void Depthwise(const QuantDepthwise& row) {
  std::int32_t sums[kMaxDepthwiseColumns] = {};
  for (std::int64_t t = 0; t < row.num_taps; ++t) {
    const std::uint8_t* const x = row.rows[static_cast<std::size_t>(t) * kRows] + row.shift;
    const std::int16_t* const weights = row.weights + t * row.pitch;
    for (std::int64_t j = 0; j < row.num_columns; ++j) {
      sums[j] += static_cast<std::int32_t>(x[j]) * weights[j];
    }
  }
  __builtin_memcpy(row.sums, sums, static_cast<std::size_t>(row.num_columns) * sizeof sums[0]);
}

// Adding it leaves an integer, rounded to nearest even, in the lowest bits.
constexpr float kRound = 0x1.8p23F;
constexpr std::int32_t kRoundBits = 0x4b400000;

// sat(rne(x)); NaN becomes 0.
FEDGE_INLINE std::uint8_t SaturateRounded(float x) {
  const float above = x > 0.0F ? x : 0.0F;
  const float within = above < 255.0F ? above : 255.0F;
  return static_cast<std::uint8_t>(__builtin_bit_cast(std::int32_t, within + kRound));
}

void ToBytes(const QuantSums& in, std::uint8_t* to) {
  const auto [sums, scale, bias, count] = in;
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = SaturateRounded((static_cast<float>(sums[i]) + bias[i]) * scale[i]);
  }
}

void ToFloats(const QuantSums& in, float* to) {
  const auto [sums, scale, bias, count] = in;
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = (static_cast<float>(sums[i]) + bias[i]) * scale[i];
  }
}

void ToFloatsInRange(const QuantSums& in, const std::int32_t* weight_sums, const QuantRange& range,
                     float* to) {
  const auto [sums, scale, bias, count] = in;
  const auto [range_scale, zero_point, finite] = range;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto sum = static_cast<float>(sums[i] - zero_point * weight_sums[i]);
    to[i] = sum * (range_scale * scale[i]) + bias[i];
  }
  if (finite) return;
  for (std::int64_t i = 0; i < count; ++i) to[i] = __builtin_nanf("");
}

void FindLimits(const float* from, std::int64_t count, QuantLimits& limits) {
  constexpr std::int64_t kWide = 16;
  float least[kWide], largest[kWide];
  std::int32_t bad[kWide] = {};
  for (std::int64_t j = 0; j < kWide; ++j) {
    least[j] = limits.least;
    largest[j] = limits.largest;
  }
  const auto add = [&](std::int64_t i, std::int64_t j) __attribute__((always_inline)) {
    const float x = from[i + j];
    least[j] = x < least[j] ? x : least[j];
    largest[j] = x > largest[j] ? x : largest[j];
    bad[j] |= x - x == 0.0F ? 0 : 1;
  };
  std::int64_t i = 0;
  for (; i + kWide <= count; i += kWide) {
    for (std::int64_t j = 0; j < kWide; ++j) add(i, j);
  }
  for (std::int64_t j = 0; i + j < count; ++j) add(i, j);
  for (std::int64_t j = 0; j < kWide; ++j) {
    limits.least = least[j] < limits.least ? least[j] : limits.least;
    limits.largest = largest[j] > limits.largest ? largest[j] : limits.largest;
    if (bad[j] != 0) limits.finite = false;
  }
}

void QuantizeRow(const float* from, std::int64_t count, float inverse, std::int32_t zero_point,
                 std::uint8_t* to) {
  constexpr float kFar = 512.0F;  // beyond all bytes, whatever the zero point
  for (std::int64_t i = 0; i < count; ++i) {
    const float product = from[i] * inverse;
    const float number = product == product ? product : 0.0F;
    const float above = number > -kFar ? number : -kFar;
    const float within = above < kFar ? above : kFar;
    const std::int32_t q =
        __builtin_bit_cast(std::int32_t, within + kRound) - kRoundBits + zero_point;
    const std::int32_t positive = q > 0 ? q : 0;
    to[i] = static_cast<std::uint8_t>(positive < 255 ? positive : 255);
  }
}

void DequantizeRow(const std::uint8_t* from, std::int64_t count, const QuantRange& range,
                   float* to) {
  const auto [scale, zero_point, finite] = range;
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = static_cast<float>(std::int32_t{from[i]} - zero_point) * scale;
  }
}

void AddRows(const QuantAddends& addends, std::int64_t count, std::uint8_t* to) {
  const auto [a, b, a_scale, b_scale, offset] = addends;
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = SaturateRounded(
        (static_cast<float>(a[i]) * a_scale + static_cast<float>(b[i]) * b_scale) + offset);
  }
}

QuantKernels TheseKernels() {
  return {kRows,           kColumns,   AnyRows<>,   Depthwise,     ToBytes, ToFloats,
          ToFloatsInRange, FindLimits, QuantizeRow, DequantizeRow, AddRows};
}

}  // namespace
}  // namespace fedge::portable
