#include "fedge/engine/portable/conv_weights.h"

#include <algorithm>

#include "fedge/engine/portable/convert.h"

namespace fedge::portable {

template <class T>
ConvWeights<T>::ConvWeights(const op::Conv& op, const ConvShape& shape,
                            const std::vector<ConvPhase>& phases)
    : transposed_(op.transposed),
      depthwise_(shape.depthwise()),
      groups_(shape.groups),
      channels_(shape.channels_per_group()),
      outputs_(shape.outputs_per_group()) {
  bias_columns_ = depthwise_ ? DepthwisePanels<T>(groups_, 0).num_columns()
                             : PanelMatrix<T>(outputs_, 0).num_columns();
  num_elements_ = bias_columns_ * (depthwise_ ? 1 : groups_);
  std::int64_t longest = 0;
  for (const ConvPhase& phase : phases) {
    Phase& packed = phases_.emplace_back();
    for (const ConvTap& tap : phase.taps) packed.taps.push_back(tap.kernel);
    const std::size_t index = phases_.size() - 1;
    packed.offset = num_elements_;
    packed.group_elements =
        depthwise_ ? depthwise(index).num_elements() : matrix(index).num_elements();
    num_elements_ += packed.group_elements * (depthwise_ ? 1 : groups_);
    longest = std::max(longest, packed.num_taps() * channels_);
  }
  row_ = num_elements_;
  num_elements_ += longest;
}

template <class T>
PanelMatrix<T> ConvWeights<T>::matrix(std::size_t phase) const {
  return {outputs_, phases_[phase].num_taps() * channels_};
}

template <class T>
DepthwisePanels<T> ConvWeights<T>::depthwise(std::size_t phase) const {
  return {groups_, phases_[phase].num_taps()};
}

template <class T>
const T* ConvWeights<T>::Panels(const T* packed, std::size_t phase, std::int64_t group) const {
  return packed + phases_[phase].offset + group * phases_[phase].group_elements;
}

template <class T>
const T* ConvWeights<T>::Bias(const T* packed, std::int64_t group) const {
  return packed + group * bias_columns_;
}

template <class T>
void ConvWeights<T>::Pack(const TensorView& weight, const TensorView& bias, T* to) const {
  std::fill_n(to, num_elements_, T{0});
  const std::int64_t run = depthwise_ ? groups_ : outputs_;
  for (std::int64_t group = 0; bias.data != nullptr && group * run < groups_ * outputs_; ++group) {
    const std::int64_t from = group * run * bias.strides[0];
    Load(bias.data + from * static_cast<std::int64_t>(DTypeSize(bias.dtype)), bias.dtype,
         bias.strides[0], run, to + group * bias_columns_);
  }
  for (std::size_t i = 0; i < phases_.size(); ++i) PackPhase(i, weight, to + row_, to);
}

template <class T>
void ConvWeights<T>::PackPhase(std::size_t index, const TensorView& weight, T* row, T* to) const {
  const Phase& phase = phases_[index];
  const auto [s0, s1, s2, s3] = ImageStrides(weight.strides);
  const auto size = static_cast<std::int64_t>(DTypeSize(weight.dtype));
  for (std::int64_t group = 0; group < groups_; ++group) {
    for (std::int64_t output = 0; output < outputs_; ++output) {
      const std::int64_t filter =
          transposed_ ? group * channels_ * s0 + output * s1 : (group * outputs_ + output) * s0;
      for (std::int64_t t = 0; t < phase.num_taps(); ++t) {
        const op::Pair& tap = phase.taps[static_cast<std::size_t>(t)];
        Load(weight.data + (filter + tap[0] * s2 + tap[1] * s3) * size, weight.dtype,
             transposed_ ? s0 : s1, channels_, row + t * channels_);
      }
      if (depthwise_) {
        depthwise(index).PackChannel(group, row, to + phase.offset);
      } else {
        matrix(index).PackOutput(output, row, 1, to + phase.offset + group * phase.group_elements);
      }
    }
  }
}

template class ConvWeights<float>;
template class ConvWeights<double>;

}  // namespace fedge::portable
