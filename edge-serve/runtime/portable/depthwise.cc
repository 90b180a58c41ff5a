#include "fedge/engine/portable/depthwise.h"

#include <algorithm>

namespace fedge::portable {

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
        kernels.depthwise_part(tile, num_channels);
      }
      epilogue.Store(arguments,
                     {sums, num_rows, width_, first, num_channels, block.offsets + r, kBlockRows});
    }
  }
}

template class DepthwisePanels<float>;
template class DepthwisePanels<double>;

}  // namespace fedge::portable
