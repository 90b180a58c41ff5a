#pragma once

#include <cstdint>

#include "fedge/engine/portable/panels.h"

namespace fedge::portable {

// Weights of a convolution with one channel per group, [channels, taps]: panels of as many channels
// as a narrow tile has columns, tap by tap.
template <class T>
class DepthwisePanels {
 public:
  DepthwisePanels(std::int64_t channels, std::int64_t num_taps)
      : channels_(channels), num_taps_(num_taps), width_(BestTileKernels<T>().columns / 2) {}

  std::int64_t num_panels() const { return (channels_ + width_ - 1) / width_; }
  std::int64_t num_columns() const { return num_panels() * width_; }
  std::int64_t num_elements() const { return num_columns() * num_taps_; }

  void PackChannel(std::int64_t channel, const T* taps, T* panels) const;
  // Up to kBlockRows positions; block.num_taps is this matrix's.
  void Multiply(const Block<T>& block, const Epilogue<T>& epilogue,
                const Kernel::Arguments& arguments) const;

 private:
  std::int64_t channels_;
  std::int64_t num_taps_;
  std::int64_t width_;
};

extern template class DepthwisePanels<float>;
extern template class DepthwisePanels<double>;

}  // namespace fedge::portable
