#include "fedge/engine/portable/conv_rows.h"

#include <algorithm>

namespace fedge::portable {
namespace {

// How many neighbouring taps are one run of memory: a whole row of the kernel, where nothing is
// outside of the input.
std::int64_t TapsPerRun(const op::Conv& op, const ConvShape& shape, std::int64_t column_stride) {
  const bool inside = op.pad_begin == op::Pair{0, 0} && op.pad_end == op::Pair{0, 0};
  const bool runs = inside && !op.transposed && shape.groups == 1 && op.dilation[1] == 1 &&
                    column_stride == shape.channels;
  return runs ? shape.kernel[1] : 1;
}

}  // namespace

template <class T>
ConvRows<T>::ConvRows(const op::Conv& op, const ConvShape& shape,
                      const std::vector<ConvPhase>& phases,
                      std::span<const std::int64_t> input_strides, const Epilogue<T>& epilogue)
    : input_sizes_(shape.input),
      input_(ImageStrides(input_strides)),
      zeros_(static_cast<std::size_t>(shape.channels)) {
  for (std::size_t t = 0; t < epilogue.num_tensors(); ++t) {
    outputs_.push_back(ImageStrides(epilogue.strides(t)));
  }
  const std::int64_t run = TapsPerRun(op, shape, input_[3]);
  length_ = run * shape.channels_per_group();
  for (const ConvPhase& planned : phases) {
    Phase phase{planned.first, planned.step, planned.count, planned.input_step, {}};
    for (std::size_t t = 0; t < planned.taps.size(); ++t) {
      const op::Pair& delta = planned.taps[t].delta;
      for (std::size_t axis = 0; axis < 2; ++axis) {
        phase.least[axis] = std::min(phase.least[axis], delta[axis]);
        phase.most[axis] = std::max(phase.most[axis], delta[axis]);
      }
      if (static_cast<std::int64_t>(t) % run != 0) continue;
      phase.taps.push_back({delta, delta[0] * input_[2] + delta[1] * input_[3]});
    }
    phases_.push_back(std::move(phase));
  }
}

template <class T>
std::int64_t ConvRows<T>::num_pointers() const {
  std::size_t most = 0;
  for (const Phase& phase : phases_) most = std::max(most, phase.taps.size());
  return kBlockRows * static_cast<std::int64_t>(most);
}

template <class T>
std::int64_t ConvRows<T>::num_offsets() const {
  return kBlockRows * static_cast<std::int64_t>(outputs_.size());
}

template <class T>
void ConvRows<T>::Find(std::size_t index, std::int64_t first_row, std::int64_t num_rows,
                       const T* input, const T** pointers, std::int64_t* offsets) const {
  const Phase& phase = phases_[index];
  const std::int64_t max_rows = BestTileKernels<T>().max_rows;
  std::int64_t column = first_row % phase.count[1];
  std::int64_t line = first_row / phase.count[1] % phase.count[0];
  std::int64_t image = first_row / phase.count[1] / phase.count[0];
  for (std::int64_t row = 0; row < num_rows; ++row) {
    for (std::size_t t = 0; t < outputs_.size(); ++t) {
      offsets[static_cast<std::int64_t>(t) * kBlockRows + row] =
          image * outputs_[t][0] + (phase.first[0] + line * phase.step[0]) * outputs_[t][2] +
          (phase.first[1] + column * phase.step[1]) * outputs_[t][3];
    }
    const std::int64_t y = line * phase.input_step[0];
    const std::int64_t x = column * phase.input_step[1];
    const std::int64_t base = image * input_[0] + y * input_[2] + x * input_[3];
    const T** to = pointers + PointerIndex(row, 0, num_taps(index), max_rows);
    const bool all_inside = Inside(y + phase.least[0], x + phase.least[1]) &&
                            Inside(y + phase.most[0], x + phase.most[1]);
    for (const Tap& tap : phase.taps) {
      const bool inside = all_inside || Inside(y + tap.delta[0], x + tap.delta[1]);
      *to = inside ? input + (base + tap.offset) : zeros_.data();
      to += max_rows;
    }
    if (++column < phase.count[1]) continue;
    column = 0;
    if (++line < phase.count[0]) continue;
    line = 0;
    ++image;
  }
}

template class ConvRows<float>;
template class ConvRows<double>;

}  // namespace fedge::portable
