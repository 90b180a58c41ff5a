#include <algorithm>

#include "fedge/engine/onednn/image.h"
#include "fedge/engine/onednn/kernels.h"
#include "fedge/engine/onednn/loop_kernel.h"

// oneDNN chooses code and blocks by the batch, and so the order in which sums are made. Therefore a
// primitive is made for one image, and executed for each: a row gives the same bytes in any batch.
namespace fedge::onednn {
namespace {

class ConvMaker {
 public:
  ConvMaker(const RuntimePtr& runtime, const op::Conv& op, const KernelRequest& request)
      : runtime_(runtime), op_(op), request_(request) {}

  KernelPtr Make() {
    if (!Describe()) return nullptr;
    const bool adds = std::any_of(
        request_.post_ops.begin(), request_.post_ops.end(),
        [](const PostOp& post_op) { return std::holds_alternative<AddInput>(post_op); });
    // The sum first: the code that is best without takes it, and with the copy that it needs it is
    // as fast as or faster than the code that adds another tensor (64 -> 256 at 56 x 56: 1.04 and
    // 1.68 ms).
    if (auto kernel = MakeWith(Residual::kSum)) return kernel;
    return adds ? MakeWith(Residual::kBinary) : nullptr;
  }

 private:
  bool Describe() {
    const TensorView& x = request_.inputs[0];
    const TensorView& y = request_.outputs[0];
    const auto from = ImageOf(x);
    const auto to = ImageOf(y);
    if (!from || !to || request_.inputs[1].data == nullptr || !runtime_->Takes(x.dtype)) {
      return false;
    }
    const auto source = runtime_->Describe(x.dtype, from->dims, from->strides);
    const auto output = runtime_->Describe(y.dtype, to->dims, to->strides);
    const auto weights = DescribeWeights(*runtime_, op_, request_.inputs[1]);
    if (!source || !output || !weights) return false;
    source_ = *source;
    output_ = *output;
    weights_ = *weights;
    image_bytes_ = to->bytes;
    if (!HasInput(request_, 2)) return true;
    const TensorView& bias = request_.inputs[2];
    const auto described = runtime_->Describe(bias.dtype, bias.dims, bias.strides);
    if (!described || bias.data == nullptr) return false;
    const std::int64_t one = 1;
    const auto packed = runtime_->Describe(bias.dtype, bias.dims, {&one, 1});
    bias_ = {*described, packed.value_or(*described)};
    return true;
  }

  Description Create(const Attributes& attributes) const {
    const dnnl_memory_desc_t any = AnyLayout(weights_);
    const dnnl_memory_desc_t* const bias = bias_ ? &bias_->to : nullptr;
    const dnnl_dims_t strides = {op_.stride[0], op_.stride[1]};
    const dnnl_dims_t dilations = {op_.dilation[0] - 1, op_.dilation[1] - 1};
    const dnnl_dims_t begin = {op_.pad_begin[0], op_.pad_begin[1]};
    const dnnl_dims_t end = {op_.pad_end[0] - op_.output_pad[0],
                             op_.pad_end[1] - op_.output_pad[1]};
    dnnl_convolution_desc_t desc;  // of deconvolutions as well
    const auto init = op_.transposed ? (*runtime_)->dilated_deconvolution_forward_desc_init
                                     : (*runtime_)->dilated_convolution_forward_desc_init;
    const auto kind = op_.transposed ? dnnl_deconvolution_direct : dnnl_convolution_direct;
    if (init(&desc, dnnl_forward_inference, kind, &source_, &any, bias, &output_, strides,
             dilations, begin, end) != dnnl_success) {
      return {};
    }
    return Description::Make(*runtime_, &desc, attributes.attributes.get());
  }

  KernelPtr MakeWith(Residual residual) const {
    const auto attributes = MakeAttributes(*runtime_, request_.post_ops, output_, residual);
    if (!attributes) return nullptr;
    const Description description = Create(*attributes);
    if (!description) return nullptr;
    const TensorView& y = request_.outputs[0];
    std::vector<Argument> tensors = {{DNNL_ARG_DST, output_}, {DNNL_ARG_SRC, source_}};
    Loop loop{.runtime = runtime_, .threads = runtime_->threads()};
    loop.operands = {{true, 0, FirstStep(y, y.dims)},
                     {false, 0, FirstStep(request_.inputs[0], y.dims)}};
    for (const Attributes::Added& added : attributes->added) {
      if (!IsAddend(added.input)) return nullptr;
      tensors.push_back({added.argument, output_});
      loop.operands.push_back(
          {false, added.input, FirstStep(request_.inputs[added.input], y.dims)});
    }
    if (attributes->sum.has_value()) {
      if (!IsAddend(*attributes->sum)) return nullptr;
      const TensorView& addend = request_.inputs[*attributes->sum];
      loop.addend = {{false, *attributes->sum, FirstStep(addend, y.dims)}, image_bytes_};
    }
    const auto constants =
        PackConstants(*runtime_, request_, {weights_, description.weights(*runtime_)}, bias_);
    if (constants.empty()) return nullptr;
    loop.unread = {false, true, bias_.has_value()};
    auto primitive = Primitive::Make(runtime_, description, tensors, constants);
    if (primitive == nullptr) return nullptr;
    loop.parts.push_back({std::move(primitive), 0, y.dims[0], 1});
    return MakeLoopKernel(std::move(loop));
  }

  // Whether an input lies as the output does.
  bool IsAddend(std::size_t input) const {
    const TensorView& view = request_.inputs[input];
    const TensorView& y = request_.outputs[0];
    return view.dtype == y.dtype &&
           std::equal(view.dims.begin(), view.dims.end(), y.dims.begin(), y.dims.end()) &&
           ImageOf(view).has_value();
  }

  const RuntimePtr& runtime_;
  const op::Conv& op_;
  const KernelRequest& request_;
  dnnl_memory_desc_t source_ = {}, output_ = {}, weights_ = {};
  std::optional<Packing> bias_;
  std::size_t image_bytes_ = 0;
};

}  // namespace

KernelPtr Make(const RuntimePtr& runtime, const op::Conv& op, const KernelRequest& request) {
  const ThreadsHere threads(*runtime, runtime->threads());
  return ConvMaker(runtime, op, request).Make();
}

}  // namespace fedge::onednn
