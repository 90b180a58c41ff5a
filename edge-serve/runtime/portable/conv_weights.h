#pragma once

#include <cstdint>
#include <vector>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/depthwise.h"

namespace fedge::portable {

// The weights of a convolution packed for each phase and group, with the biases, in one piece of
// memory that belongs to the caller.
template <class T>
class ConvWeights {
 public:
  ConvWeights(const op::Conv& op, const ConvShape& shape, const std::vector<ConvPhase>& phases);

  std::int64_t num_elements() const { return num_elements_; }
  // Without memory of its own. `bias.data` may be nullptr.
  void Pack(const TensorView& weight, const TensorView& bias, T* to) const;

  PanelMatrix<T> matrix(std::size_t phase) const;
  DepthwisePanels<T> depthwise(std::size_t phase) const;
  const T* Panels(const T* packed, std::size_t phase, std::int64_t group) const;
  const T* Bias(const T* packed, std::int64_t group) const;

 private:
  struct Phase {
    std::vector<op::Pair> taps;
    std::int64_t offset = 0;
    std::int64_t group_elements = 0;
    std::int64_t num_taps() const { return static_cast<std::int64_t>(taps.size()); }
  };

  void PackPhase(std::size_t index, const TensorView& weight, T* row, T* to) const;

  bool transposed_;
  bool depthwise_;
  std::int64_t groups_, channels_, outputs_;  // the latter two: of a group
  std::int64_t bias_columns_;                 // of a group; the biases come first
  std::int64_t row_ = 0;                      // where there is room for one filter
  std::int64_t num_elements_ = 0;
  std::vector<Phase> phases_;
};

extern template class ConvWeights<float>;
extern template class ConvWeights<double>;

}  // namespace fedge::portable
