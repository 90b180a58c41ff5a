#pragma once

#include <cstdint>

namespace fedge::portable {

// The inner loop of every matrix product and convolution: a tile of sums, as many as the CPU's
// registers hold. Row r, column j: bias[j] + the sum over taps t, then elements i < length, of
//   rows[t * max_rows + r][shift + i] * panel[(t * length + i) * columns + j]
// or, where each column has a channel of its own (depthwise), length 1:
//   rows[t * max_rows + r][shift + j] * panel[t * columns + j].
// Always in this order, each sum by itself: a row's numbers do not depend on its neighbours, nor on
// the size of the tile. All instruction sets with fused multiply-add give the same bytes.
template <class T>
struct Tile {
  const T* const* rows;
  std::int64_t num_rows;  // 1..max_rows
  std::int64_t num_taps;
  std::int64_t length;
  std::int64_t shift;
  const T* panel;
  const T* bias;  // nullptr: zeros
  T* sums;        // [num_rows][columns], rows `pitch` apart
  std::int64_t pitch;
};

// What an instruction set does best. `columns` is a full panel's; a narrow panel has half as many.
template <class T>
struct TileKernels {
  using Fn = void (*)(const Tile<T>&);
  std::int64_t max_rows;
  std::int64_t columns;
  Fn full;
  Fn narrow;
  Fn depthwise;  // its panels are narrow; reads all their columns from the rows
  // The same for the first columns of a panel; reads no further than they go.
  void (*depthwise_part)(const Tile<T>& tile, std::int64_t num_columns);
  Fn row;  // one row by kRowPanels full panels in a row, as wide as a tile of many rows is high
};

// Rows that are multiplied by a panel while it is in the cache: a multiple of every kernel's
// max_rows.
#if defined(__aarch64__)
inline constexpr std::int64_t kBlockRows = 100;
#else
inline constexpr std::int64_t kBlockRows = 96;
#endif
inline constexpr std::int64_t kMaxTileRows = 8;
inline constexpr std::int64_t kMaxTileColumns = 32;
inline constexpr std::int64_t kRowPanels = 4;

// That of the CPU at hand.
template <class T>
const TileKernels<T>& BestTileKernels();
template <>
const TileKernels<float>& BestTileKernels();
template <>
const TileKernels<double>& BestTileKernels();

// One per instruction set, each in a file compiled for it. Fused multiply-add where there is one.
struct TileKernelSet {
  TileKernels<float> of_float;
  TileKernels<double> of_double;
};
TileKernelSet BaseTileKernels();  // what every CPU of the architecture has
TileKernelSet Avx2TileKernels();
TileKernelSet Avx512TileKernels();

}  // namespace fedge::portable
