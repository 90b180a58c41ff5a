#include "fedge/engine/portable/depthwise.h"

#include <algorithm>

namespace fedge::portable {
namespace {

// The last channels, fewer than a vector: as the tile kernel, but reads no further than they go.
template <class T>
void MultiplyLast(const Tile<T>& tile, std::int64_t max_rows, std::int64_t width,
                  std::int64_t num_channels) {
  for (std::int64_t r = 0; r < tile.num_rows; ++r) {
    T* const sums = tile.sums + r * width;
    std::copy_n(tile.bias, num_channels, sums);
    for (std::int64_t t = 0; t < tile.num_taps; ++t) {
      const T* const row = tile.rows[t * max_rows + r] + tile.shift;
      const T* const weights = tile.panel + t * width;
      for (std::int64_t j = 0; j < num_channels; ++j) sums[j] += row[j] * weights[j];
    }
  }
}

}  // namespace

template <class T>
void DepthwisePanels<T>::PackChannel(std::int64_t channel, const T* taps, T* panels) const {
  T* const to = panels + channel / width_ * width_ * num_taps_ + channel % width_;
  for (std::int64_t t = 0; t < num_taps_; ++t) to[t * width_] = taps[t];
}

template <class T>
void DepthwisePanels<T>::Multiply(const Block<T>& block, const Epilogue<T>& epilogue,
                                  const Kernel::Arguments& arguments) const {
  const TileKernels<T>& kernels = BestTileKernels<T>();
  alignas(64) T sums[kMaxTileRows * kMaxTileColumns] = {};
  for (std::int64_t p = 0; p < num_panels(); ++p) {
    const std::int64_t first = p * width_;
    const std::int64_t num_channels = std::min(width_, channels_ - first);
    for (std::int64_t r = 0; r < block.num_rows; r += kernels.max_rows) {
      const std::int64_t num_rows = std::min(kernels.max_rows, block.num_rows - r);
      const Tile<T> tile{
          block.rows + r * num_taps_,       num_rows,           num_taps_, 1,     first,
          block.panels + first * num_taps_, block.bias + first, sums,      width_};
      if (num_channels == width_) {
        kernels.depthwise(tile);
      } else {
        MultiplyLast(tile, kernels.max_rows, width_, num_channels);
      }
      epilogue.Store(arguments,
                     {sums, num_rows, width_, first, num_channels, block.offsets + r, kBlockRows});
    }
  }
}

template class DepthwisePanels<float>;
template class DepthwisePanels<double>;

}  // namespace fedge::portable
