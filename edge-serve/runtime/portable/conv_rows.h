#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/panels.h"

namespace fedge::portable {

// The output positions of a convolution as rows of a product: where each one's taps read the input,
// whose channels lie next to each other, and where it is written.
template <class T>
class ConvRows {
 public:
  ConvRows(const op::Conv& op, const ConvShape& shape, const std::vector<ConvPhase>& phases,
           std::span<const std::int64_t> input_strides, const Epilogue<T>& epilogue);

  // Taps next to each other in memory count as one, of `length` elements.
  std::int64_t length() const { return length_; }
  std::int64_t num_taps(std::size_t phase) const {
    return static_cast<std::int64_t>(phases_[phase].taps.size());
  }
  // Room that Find needs for a block.
  std::int64_t num_pointers() const;
  std::int64_t num_offsets() const;

  // For rows first_row .. first_row + num_rows - 1 <= kBlockRows of a phase, in the order image,
  // line, column. Taps outside of the input read zeros.
  void Find(std::size_t phase, std::int64_t first_row, std::int64_t num_rows, const T* input,
            const T** pointers, std::int64_t* offsets) const;

 private:
  struct Tap {
    op::Pair delta;
    std::int64_t offset;  // of delta, in elements
  };
  struct Phase {
    op::Pair first, step, count, input_step;
    std::vector<Tap> taps;
    op::Pair least = {0, 0}, most = {0, 0};  // of the taps' deltas
  };

  bool Inside(std::int64_t y, std::int64_t x) const {
    return y >= 0 && y < input_sizes_[0] && x >= 0 && x < input_sizes_[1];
  }

  op::Pair input_sizes_;
  std::array<std::int64_t, 4> input_;                 // strides
  std::vector<std::array<std::int64_t, 4>> outputs_;  // strides of each tensor of the epilogue
  std::int64_t length_;
  std::vector<Phase> phases_;
  std::vector<T> zeros_;
};

extern template class ConvRows<float>;
extern template class ConvRows<double>;

}  // namespace fedge::portable
