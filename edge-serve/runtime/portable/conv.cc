#include <algorithm>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/conv_rows.h"
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
        rows_(op, shape_, phases_, request.inputs[0].strides, epilogue_),
        weight_(request.inputs[1]),
        bias_(InputOrNone(request.inputs, 2)) {
    pointers_ = plan_.Add<const T*>(rows_.num_pointers());
    offsets_ = plan_.Add<std::int64_t>(rows_.num_offsets());
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
    rows_.Find(phase, first_row, num_rows, arguments.inputs[0].template as<const T>(), pointers,
               offsets);
    Block<T> block{.rows = pointers,
                   .num_rows = num_rows,
                   .num_taps = rows_.num_taps(phase),
                   .length = rows_.length(),
                   .offsets = offsets};
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

  ConvShape shape_;
  std::vector<ConvPhase> phases_;
  ConvWeights<T> weights_;
  Epilogue<T> epilogue_;
  ConvRows<T> rows_;
  TensorSpec weight_, bias_;
  std::vector<T> packed_;  // empty: the weights are not constant
  ScratchPlan plan_;
  std::size_t pointers_ = 0, offsets_ = 0, packed_in_scratch_ = 0;
};

// Few channels make short inner loops: with the zeros around it, an image's row of taps is one run
// of numbers.
template <class T>
class PaddedConvKernel : public Kernel {
 public:
  PaddedConvKernel(op::Conv op, const KernelRequest& request) {
    const TensorSpec input(request.inputs[0]);
    const bool flat = input.rank() == 3;
    padded_ = {DTypeOf<T>(), input.dims, {}};
    for (std::size_t d = 2; d < input.rank(); ++d) {
      const std::size_t axis = flat ? 1 : d - 2;
      padded_.dims[d] += op.pad_begin[axis] + op.pad_end[axis];
    }
    padded_.strides = ChannelsLastStrides(padded_.dims);
    first_ = op.pad_begin[1] * padded_.strides.back();
    if (!flat) first_ += op.pad_begin[0] * padded_.strides[2];
    copy_ = StridedCopy(TensorSpec(DTypeOf<T>(), input.dims, padded_.strides), input);
    op.pad_begin = op.pad_end = {0, 0};
    std::vector<TensorView> inputs(request.inputs.begin(), request.inputs.end());
    inputs[0] = padded_.View(nullptr);
    conv_ = std::make_unique<ConvKernel<T>>(
        op, KernelRequest{request.node, request.post_ops, inputs, request.outputs});
    num_inputs_ = inputs.size();
    views_ = plan_.Add<TensorView>(static_cast<std::int64_t>(num_inputs_));
    image_ = plan_.Add<T>(padded_.num_elements());
    inner_ = plan_.Add<std::byte>(static_cast<std::int64_t>(conv_->scratch_bytes()));
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    T* const image = ScratchAt<T>(arguments.scratch, image_);
    std::fill_n(image, padded_.num_elements(), T{0});
    copy_.Run(arguments.inputs[0].data, reinterpret_cast<std::byte*>(image + first_));
    auto* const views = ScratchAt<TensorView>(arguments.scratch, views_);
    std::copy(arguments.inputs.begin(), arguments.inputs.end(), views);
    views[0] = padded_.View(reinterpret_cast<std::byte*>(image));
    return conv_->Run({{views, num_inputs_}, arguments.outputs, arguments.scratch.subspan(inner_)});
  }

 private:
  TensorSpec padded_;
  std::int64_t first_ = 0;  // where the input begins in the padded image
  StridedCopy copy_;
  KernelPtr conv_;
  std::size_t num_inputs_ = 0;
  ScratchPlan plan_;
  std::size_t views_ = 0, image_ = 0, inner_ = 0;
};

bool GainsFromPadding(const op::Conv& op, const KernelRequest& request) {
  const bool padded = op.pad_begin != op::Pair{0, 0} || op.pad_end != op::Pair{0, 0};
  return padded && !op.transposed && op.groups == 1 && op.dilation[1] == 1 &&
         request.inputs[0].dims[1] <= 8 && request.inputs[1].dims.back() > 1;
}

}  // namespace

KernelPtr Make(const op::Conv& op, const KernelRequest& request) {
  if (GainsFromPadding(op, request)) {
    return MakeFloating<PaddedConvKernel>(op, request, {Layout::kRaw, Layout::kRaw, Layout::kRaw});
  }
  return MakeFloating<ConvKernel>(op, request, {Layout::kChannelsLast, Layout::kRaw, Layout::kRaw});
}

}  // namespace fedge::portable
