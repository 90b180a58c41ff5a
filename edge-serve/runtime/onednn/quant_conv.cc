#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "fedge/engine/onednn/image.h"
#include "fedge/engine/onednn/kernels.h"
#include "fedge/engine/onednn/loop_kernel.h"

// Convolutions and linear layers of bytes: the latter are convolutions of 1 x 1 over rows. oneDNN
// 2.6.3 was measured to compute what ops.h says, (float(sum) + bias) * scale, on every instruction
// set from AVX2 on, where sums are exact: always with VNNI; without it, where no two products that
// it adds up in 16 bits leave them, but for the code that IsExact names.
namespace fedge::onednn {
namespace {

// Rows of a linear layer that are computed at once.
constexpr std::int64_t kBlockRows = 32;

bool IsConstant(const TensorView& view) { return view.data != nullptr; }

// Whether no sum of two neighbours' products leaves 16 bits, whatever the bytes: 255 * 128 fits.
bool ArePairsSafe(const TensorView& weight) {
  std::int64_t pixels = 1;
  for (std::size_t d = 2; d < weight.dims.size(); ++d) pixels *= weight.dims[d];
  const std::int64_t width = weight.dims.size() > 2 ? weight.dims.back() : 1;
  const auto* const bytes = weight.as<const std::int8_t>();
  for (std::int64_t o = 0; o < weight.dims[0]; ++o) {
    for (std::int64_t p = 0; p < pixels; ++p) {
      std::int64_t at = o * weight.strides[0];
      if (weight.dims.size() > 2) at += p % width * weight.strides.back();
      if (weight.dims.size() > 3) at += p / width * weight.strides[2];
      for (std::int64_t c = 0; c + 1 < weight.dims[1]; c += 2) {
        const int sum = bytes[at + c * weight.strides[1]] + bytes[at + (c + 1) * weight.strides[1]];
        if (std::abs(sum) > 128) return false;
      }
    }
  }
  return true;
}

// Not its matrix products of gathered rows, which pair elements of different taps (24 outputs of 8
// channels in 8 groups differ); and not AVX-512's code for 1 x 1 without VNNI, which runs out of
// registers: with five positions and 65 outputs it loses the scales.
bool IsExact(std::string_view implementation, Runtime::ByteProducts products) {
  const auto contains = [&](std::string_view part) {
    return implementation.find(part) != std::string_view::npos;
  };
  if (contains("gemm")) return false;
  return products == Runtime::ByteProducts::kExact || !contains("1x1:avx512");
}

// One number for each output; empty where oneDNN would not compute with it as ops.h says.
std::vector<float> Numbers(const TensorView& view) {
  if (!IsConstant(view) || view.dtype != DType::kFloat32) return {};
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < view.dims[0]; ++i) {
    numbers.push_back(view.as<const float>()[i * view.strides[0]]);
    if (!std::isfinite(numbers.back())) return {};
  }
  return numbers;
}

// Where the images lie, and how many there are.
struct Images {
  Image source, output;
  std::int64_t count = 1, step = 1;  // `step` indices of the first dimension each
};

class QuantConvMaker {
 public:
  QuantConvMaker(const RuntimePtr& runtime, const op::Conv& op, const KernelRequest& request)
      : runtime_(runtime), op_(op), request_(request) {}

  // Whether the constants allow it.
  bool Describe(std::optional<dnnl_memory_desc_t> weights) {
    const TensorView& weight = request_.inputs[1];
    const TensorView& bias = request_.inputs[2];
    const auto products = runtime_->byte_products();
    if (products == Runtime::ByteProducts::kNone || !request_.post_ops.empty() || !weights ||
        !IsConstant(weight) || Numbers(bias).empty()) {
      return false;
    }
    scales_ = Numbers(request_.inputs[3]);
    if (scales_.empty()) return false;
    if (products == Runtime::ByteProducts::kInPairs && !ArePairsSafe(weight)) return false;
    const std::int64_t one = 1;
    const auto from = runtime_->Describe(bias.dtype, bias.dims, bias.strides);
    const auto to = runtime_->Describe(bias.dtype, bias.dims, {&one, 1});
    if (!from || !to) return false;
    weights_ = *weights;
    bias_ = {*from, *to};
    return MakeAttributes();
  }

  // For images of these layouts; the weights in oneDNN's choice, or as they were packed.
  bool AddPart(const Images& images, std::int64_t first, Loop& loop) {
    const auto source =
        runtime_->Describe(DType::kUInt8, images.source.dims, images.source.strides);
    const auto output =
        runtime_->Describe(request_.outputs[0].dtype, images.output.dims, images.output.strides);
    if (!source || !output) return false;
    const bool packed = !constants_.empty();
    const Description description =
        Create(*source, packed ? constants_[0].argument.desc : AnyLayout(weights_), *output);
    if (!description ||
        !IsExact(description.implementation(*runtime_), runtime_->byte_products())) {
      return false;
    }
    if (!packed) {
      constants_ =
          PackConstants(*runtime_, request_, {weights_, description.weights(*runtime_)}, bias_);
      if (constants_.empty()) return false;
    }
    const Argument tensors[] = {{DNNL_ARG_DST, *output}, {DNNL_ARG_SRC, *source}};
    auto primitive = Primitive::Make(runtime_, description, tensors, constants_);
    if (primitive == nullptr) return false;
    loop.parts.push_back({std::move(primitive), first, images.count, images.step});
    return true;
  }

  Loop MakeLoop() const {
    const TensorView& y = request_.outputs[0];
    Loop loop{.runtime = runtime_, .threads = runtime_->threads()};
    loop.operands = {{true, 0, FirstStep(y, y.dims)},
                     {false, 0, FirstStep(request_.inputs[0], y.dims)}};
    loop.unread = {false, true, true, true};
    return loop;
  }

 private:
  bool MakeAttributes() {
    dnnl_primitive_attr_t attributes = nullptr;
    if ((*runtime_)->primitive_attr_create(&attributes) != dnnl_success) return false;
    attributes_ = {attributes, (*runtime_)->primitive_attr_destroy};
    constexpr int kPerChannel = 1 << 1;
    return (*runtime_)->primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) ==
               dnnl_success &&
           (*runtime_)->primitive_attr_set_output_scales(
               attributes, static_cast<dnnl_dim_t>(scales_.size()), kPerChannel, scales_.data()) ==
               dnnl_success;
  }

  Description Create(const dnnl_memory_desc_t& source, const dnnl_memory_desc_t& weights,
                     const dnnl_memory_desc_t& output) const {
    const dnnl_dims_t strides = {op_.stride[0], op_.stride[1]};
    const dnnl_dims_t dilations = {op_.dilation[0] - 1, op_.dilation[1] - 1};
    const dnnl_dims_t begin = {op_.pad_begin[0], op_.pad_begin[1]};
    const dnnl_dims_t end = {op_.pad_end[0], op_.pad_end[1]};
    dnnl_convolution_desc_t desc;
    if ((*runtime_)->dilated_convolution_forward_desc_init(
            &desc, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias_.to,
            &output, strides, dilations, begin, end) != dnnl_success) {
      return {};
    }
    return Description::Make(*runtime_, &desc, attributes_.get());
  }

  const RuntimePtr& runtime_;
  const op::Conv op_;
  const KernelRequest& request_;
  std::vector<float> scales_;
  dnnl_memory_desc_t weights_ = {};
  Packing bias_;
  Handle<dnnl_primitive_attr_t> attributes_;
  std::vector<PackedArgument> constants_;
};

// `rows` rows of a matrix as an image of one line.
Image LineOf(std::int64_t rows, std::int64_t columns) {
  return {{1, columns, 1, rows}, {rows * columns, 1, rows * columns, columns}};
}

// Whether all dimensions from `first` on are rows without gaps.
bool AreRows(const TensorView& view, std::size_t first) {
  std::int64_t stride = 1;
  for (std::size_t d = view.dims.size(); d-- > first;) {
    if (view.dims[d] > 1 && view.strides[d] != stride) return false;
    stride *= view.dims[d];
  }
  return true;
}

// In blocks of rows where the first dimension consists of rows, else by its indices.
bool AddRows(QuantConvMaker& maker, const KernelRequest& request, Loop& loop) {
  const TensorView& x = request.inputs[0];
  const TensorView& y = request.outputs[0];
  const std::int64_t from = x.dims.back();
  const std::int64_t to = y.dims.back();
  const std::int64_t rows = x.dims[0];
  if (x.dims.size() > 2) {
    std::int64_t lines = 1;
    for (std::size_t d = 1; d + 1 < x.dims.size(); ++d) lines *= x.dims[d];
    return maker.AddPart({LineOf(lines, from), LineOf(lines, to), rows, 1}, 0, loop);
  }
  // First, so that the weights' layout does not depend on the number of rows.
  const Images block{LineOf(kBlockRows, from), LineOf(kBlockRows, to), rows / kBlockRows,
                     kBlockRows};
  if (!maker.AddPart(block, 0, loop)) return false;
  if (block.count == 0) loop.parts.clear();
  const std::int64_t rest = rows % kBlockRows;
  return rest == 0 ||
         maker.AddPart({LineOf(rest, from), LineOf(rest, to), 1, rest}, rows - rest, loop);
}

}  // namespace

KernelPtr Make(const RuntimePtr& runtime, const op::QuantConv& op, const KernelRequest& request) {
  const ThreadsHere threads(*runtime, runtime->threads());
  const auto source = ImageOf(request.inputs[0]);
  const auto output = ImageOf(request.outputs[0]);
  QuantConvMaker maker(runtime, AsConv(op), request);
  if (!source || !output ||
      !maker.Describe(DescribeWeights(*runtime, AsConv(op), request.inputs[1]))) {
    return nullptr;
  }
  Loop loop = maker.MakeLoop();
  if (!maker.AddPart({*source, *output, request.outputs[0].dims[0], 1}, 0, loop)) return nullptr;
  return MakeLoopKernel(std::move(loop));
}

KernelPtr MakeQuantLinear(const RuntimePtr& runtime, const KernelRequest& request) {
  const ThreadsHere threads(*runtime, runtime->threads());
  const TensorView& x = request.inputs[0];
  const TensorView& weight = request.inputs[1];
  const std::size_t first = x.dims.size() > 2 ? 1 : 0;
  if (x.dims.size() < 2 || !AreRows(x, first) || !AreRows(request.outputs[0], first)) {
    return nullptr;
  }
  QuantConvMaker maker(runtime, op::Conv{}, request);
  const Dims dims = {weight.dims[0], weight.dims[1], 1, 1};
  const Dims strides = {weight.strides[0], weight.strides[1], 1, 1};
  if (!maker.Describe(runtime->Describe(weight.dtype, dims, strides))) return nullptr;
  Loop loop = maker.MakeLoop();
  if (!AddRows(maker, request, loop)) return nullptr;
  return MakeLoopKernel(std::move(loop));
}

}  // namespace fedge::onednn
