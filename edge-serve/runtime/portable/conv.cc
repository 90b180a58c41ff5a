#include <algorithm>

#include <fmt/format.h>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/conv_rows.h"
#include "fedge/engine/portable/conv_weights.h"
#include "fedge/engine/portable/packed.h"
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
        rows_(op, shape_, phases_, request.inputs[0].strides, epilogue_) {
    pointers_ = plan_.Add<const T*>(rows_.num_pointers());
    offsets_ = plan_.Add<std::int64_t>(rows_.num_offsets());
    const std::string form =
        fmt::format("conv {} {} {} {} {} {}", DTypeName(DTypeOf<T>()), BestTileKernels<T>().columns,
                    op.transposed, fmt::join(op.stride, "x"), fmt::join(op.pad_begin, "x"),
                    fmt::join(op.dilation, "x")) +
        fmt::format(" {}", op.groups);
    packed_ = Packed<T>(
        request, 1, form, weights_.num_elements(),
        [weights = weights_](const TensorView& weight, T* to) { weights.Pack(weight, to); }, plan_);
    biases_ = Packed<T>(
        request, 2, form, weights_.num_biases(),
        [weights = weights_](const TensorView& bias, T* to) { weights.PackBiases(bias, to); },
        plan_);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }
  bool reads(std::size_t i) const override {
    return !(i == 1 && packed_.constant()) && !(i == 2 && biases_.constant());
  }

  Status Run(const Arguments& arguments) const override {
    packed_.Update(arguments);
    biases_.Update(arguments);
    for (std::size_t i = 0; i < phases_.size(); ++i) {
      const std::int64_t num_rows = shape_.batch * phases_[i].count[0] * phases_[i].count[1];
      for (std::int64_t row = 0; row < num_rows; row += kBlockRows) {
        RunBlock(arguments, i, row, std::min(kBlockRows, num_rows - row));
      }
    }
    return OkStatus();
  }

 private:
  void RunBlock(const Arguments& arguments, std::size_t phase, std::int64_t first_row,
                std::int64_t num_rows) const {
    const T* const packed = packed_.Get(arguments);
    const T* const biases = biases_.Get(arguments);
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
      block.bias = weights_.Bias(biases, 0);
      return weights_.depthwise(phase).Multiply(block, epilogue_, arguments);
    }
    const PanelMatrix<T> matrix = weights_.matrix(phase);
    for (std::int64_t g = 0; g < shape_.groups; ++g) {
      block.shift = g * shape_.channels_per_group();
      block.first_column = g * shape_.outputs_per_group();
      block.panels = weights_.Panels(packed, phase, g);
      block.bias = weights_.Bias(biases, g);
      Multiply(matrix, block, epilogue_, arguments);
    }
  }

  ConvShape shape_;
  std::vector<ConvPhase> phases_;
  ConvWeights<T> weights_;
  Epilogue<T> epilogue_;
  ConvRows<T> rows_;
  Packed<T> packed_, biases_;
  ScratchPlan plan_;
  std::size_t pointers_ = 0, offsets_ = 0;
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
        op, KernelRequest{request.node, request.post_ops, inputs, request.outputs, request.packer});
    num_inputs_ = inputs.size();
    views_ = plan_.Add<TensorView>(static_cast<std::int64_t>(num_inputs_));
    image_ = plan_.Add<T>(padded_.num_elements());
    inner_ = plan_.Add<std::byte>(static_cast<std::int64_t>(conv_->scratch_bytes()));
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }
  bool reads(std::size_t i) const override { return i == 0 || conv_->reads(i); }

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
  constexpr std::int64_t kFewChannels = 8;
  const ConvShape shape(op, request);
  std::int64_t pads = 0;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t pad = op.pad_begin[axis] + op.pad_end[axis];
    if (pad > shape.input[axis]) return false;  // the copy stays in proportion
    pads += pad;
  }
  return pads > 0 && !op.transposed && op.groups == 1 && op.dilation[1] == 1 &&
         shape.channels <= kFewChannels && shape.kernel[1] > 1;
}

}  // namespace

KernelPtr Make(const op::Conv& op, const KernelRequest& request) {
  if (GainsFromPadding(op, request)) {
    return MakeFloating<PaddedConvKernel>(op, request, {Layout::kRaw, Layout::kRaw, Layout::kRaw});
  }
  return MakeFloating<ConvKernel>(op, request, {Layout::kChannelsLast, Layout::kRaw, Layout::kRaw});
}

}  // namespace fedge::portable
