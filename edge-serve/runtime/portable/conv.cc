#include <algorithm>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/conv_weights.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"

namespace fedge::portable {
namespace {

// Every convolution as products of rows with panels of weights: a row is an output position, its
// elements lie where each tap points (M. Dukhan, "The Indirect Convolution Algorithm", 2019). The
// input's channels lie next to each other.
template <class T>
class ConvKernel : public Kernel {
 public:
  ConvKernel(const op::Conv& op, const KernelRequest& request)
      : shape_(op, request),
        phases_(PlanConv(op, shape_)),
        weights_(op, shape_, phases_),
        epilogue_(request, 1),
        input_(ImageStrides(request.inputs[0].strides)),
        weight_(request.inputs[1]),
        bias_(InputOrNone(request.inputs, 2)),
        zeros_(static_cast<std::size_t>(shape_.channels)) {
    std::int64_t most_taps = 0;
    for (const ConvPhase& phase : phases_) most_taps = std::max(most_taps, phase.num_taps());
    for (std::size_t t = 0; t < epilogue_.num_tensors(); ++t) {
      outputs_.push_back(ImageStrides(epilogue_.strides(t)));
    }
    pointers_ = plan_.Add<const T*>(kBlockRows * most_taps);
    offsets_ = plan_.Add<std::int64_t>(kBlockRows * static_cast<std::int64_t>(outputs_.size()));
    const TensorView bias = InputOrNone(request.inputs, 2);
    if (request.inputs[1].data != nullptr && (!IsPresent(bias) || bias.data != nullptr)) {
      packed_.resize(static_cast<std::size_t>(weights_.num_elements()));
      weights_.Pack(request.inputs[1], bias, packed_.data());
    } else {
      packed_in_scratch_ = plan_.Add<T>(weights_.num_elements());
    }
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    const T* packed = packed_.data();
    if (packed_.empty()) {
      T* const to = ScratchAt<T>(arguments.scratch, packed_in_scratch_);
      weights_.Pack(weight_.View(arguments.inputs[1].data),
                    bias_.View(InputOrNone(arguments.inputs, 2).data), to);
      packed = to;
    }
    for (std::size_t i = 0; i < phases_.size(); ++i) {
      const std::int64_t num_rows = shape_.batch * phases_[i].count[0] * phases_[i].count[1];
      for (std::int64_t row = 0; row < num_rows; row += kBlockRows) {
        RunBlock(arguments, i, row, std::min(kBlockRows, num_rows - row), packed);
      }
    }
    return OkStatus();
  }

 private:
  void RunBlock(const Arguments& arguments, std::size_t phase, std::int64_t first_row,
                std::int64_t num_rows, const T* packed) const {
    auto* const pointers = ScratchAt<const T*>(arguments.scratch, pointers_);
    auto* const offsets = ScratchAt<std::int64_t>(arguments.scratch, offsets_);
    FindRows(phases_[phase], arguments.inputs[0].template as<const T>(), first_row, num_rows,
             pointers, offsets);
    Block<T> block{pointers,
                   num_rows,
                   phases_[phase].num_taps(),
                   shape_.channels_per_group(),
                   0,
                   nullptr,
                   nullptr,
                   0,
                   offsets};
    if (shape_.depthwise()) {
      block.panels = weights_.Panels(packed, phase, 0);
      block.bias = weights_.Bias(packed, 0);
      return weights_.depthwise(phase).Multiply(block, epilogue_, arguments);
    }
    const PanelMatrix<T> matrix = weights_.matrix(phase);
    for (std::int64_t g = 0; g < shape_.groups; ++g) {
      block.shift = g * shape_.channels_per_group();
      block.first_column = g * shape_.outputs_per_group();
      block.panels = weights_.Panels(packed, phase, g);
      block.bias = weights_.Bias(packed, g);
      Multiply(matrix, block, epilogue_, arguments);
    }
  }

  // Where each row's taps read, and where it is written; outside of the input they read zeros.
  void FindRows(const ConvPhase& phase, const T* x, std::int64_t first_row, std::int64_t num_rows,
                const T** pointers, std::int64_t* offsets) const {
    const std::int64_t max_rows = BestTileKernels<T>().max_rows;
    const auto [sn, sc, sy, sx] = input_;
    std::int64_t column = first_row % phase.count[1];
    std::int64_t line = first_row / phase.count[1] % phase.count[0];
    std::int64_t image = first_row / phase.count[1] / phase.count[0];
    for (std::int64_t row = 0; row < num_rows; ++row) {
      const std::int64_t y = phase.first[0] + line * phase.step[0];
      const std::int64_t z = phase.first[1] + column * phase.step[1];
      for (std::size_t t = 0; t < outputs_.size(); ++t) {
        offsets[static_cast<std::int64_t>(t) * kBlockRows + row] =
            image * outputs_[t][0] + y * outputs_[t][2] + z * outputs_[t][3];
      }
      const T** to = pointers + PointerIndex(row, 0, phase.num_taps(), max_rows);
      for (const ConvTap& tap : phase.taps) {
        const std::int64_t in_y = line * phase.input_step[0] + tap.delta[0];
        const std::int64_t in_x = column * phase.input_step[1] + tap.delta[1];
        const bool inside =
            in_y >= 0 && in_y < shape_.input[0] && in_x >= 0 && in_x < shape_.input[1];
        *to = inside ? x + (image * sn + in_y * sy + in_x * sx) : zeros_.data();
        to += max_rows;
      }
      if (++column < phase.count[1]) continue;
      column = 0;
      if (++line < phase.count[0]) continue;
      line = 0;
      ++image;
    }
  }

  ConvShape shape_;
  std::vector<ConvPhase> phases_;
  ConvWeights<T> weights_;
  Epilogue<T> epilogue_;
  std::array<std::int64_t, 4> input_;
  std::vector<std::array<std::int64_t, 4>> outputs_;  // of each tensor of the epilogue
  TensorSpec weight_, bias_;
  std::vector<T> packed_;  // empty: the weights are not constant
  std::vector<T> zeros_;
  ScratchPlan plan_;
  std::size_t pointers_ = 0, offsets_ = 0, packed_in_scratch_ = 0;
};

}  // namespace

KernelPtr Make(const op::Conv& op, const KernelRequest& request) {
  return MakeFloating<ConvKernel>(op, request, {Layout::kChannelsLast, Layout::kRaw, Layout::kRaw});
}

}  // namespace fedge::portable
