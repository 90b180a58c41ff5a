#include <algorithm>

#include "fedge/engine/onednn/kernels.h"
#include "fedge/engine/onednn/loop_kernel.h"

// Products of matrices that are both made while running: one primitive for an item of the first
// dimension, executed for each (see conv.cc). Two plain matrices are left to others: their rows may
// be a batch's.
namespace fedge::onednn {
namespace {

// What lies behind the first of `rank` dimensions, missing ones of size 1 in front.
std::optional<dnnl_memory_desc_t> DescribeItem(const Runtime& runtime, const TensorView& view,
                                               std::size_t rank) {
  Dims dims(rank - 1, 1), strides(rank - 1, 1);
  const std::size_t kept = std::min(view.dims.size(), rank - 1);
  std::copy(view.dims.end() - static_cast<std::ptrdiff_t>(kept), view.dims.end(),
            dims.end() - static_cast<std::ptrdiff_t>(kept));
  std::copy(view.strides.end() - static_cast<std::ptrdiff_t>(kept), view.strides.end(),
            strides.end() - static_cast<std::ptrdiff_t>(kept));
  // The strides of sizes of 1 tell nothing; oneDNN takes them for layouts.
  for (std::size_t d = rank - 1; d-- > 0;) {
    if (dims[d] == 1) strides[d] = d + 2 == rank ? 1 : dims[d + 1] * strides[d + 1];
  }
  return runtime.Describe(view.dtype, dims, strides);
}

}  // namespace

KernelPtr Make(const RuntimePtr& runtime, const op::MatMul&, const KernelRequest& request) {
  const TensorView& y = request.outputs[0];
  const std::size_t rank = y.dims.size();
  if (rank < 3 || !runtime->Takes(y.dtype) || request.inputs[1].dtype != y.dtype) return nullptr;
  const ThreadsHere threads(*runtime, runtime->threads());
  const auto a = DescribeItem(*runtime, request.inputs[0], rank);
  const auto b = DescribeItem(*runtime, request.inputs[1], rank);
  const auto output = DescribeItem(*runtime, y, rank);
  if (!a || !b || !output) return nullptr;
  const auto attributes = MakeAttributes(*runtime, request.post_ops, *output, Residual::kBinary);
  dnnl_matmul_desc_t desc;
  if (!attributes ||
      (*runtime)->matmul_desc_init(&desc, &*a, &*b, nullptr, &*output) != dnnl_success) {
    return nullptr;
  }
  const auto description = Description::Make(*runtime, &desc, attributes->attributes.get());
  if (!description) return nullptr;
  Loop loop{.runtime = runtime, .threads = runtime->threads()};
  std::vector<Argument> tensors = {
      {DNNL_ARG_DST, *output}, {DNNL_ARG_SRC, *a}, {DNNL_ARG_WEIGHTS, *b}};
  loop.operands = {{true, 0, FirstStep(y, y.dims)},
                   {false, 0, FirstStep(request.inputs[0], y.dims)},
                   {false, 1, FirstStep(request.inputs[1], y.dims)}};
  for (const Attributes::Added& added : attributes->added) {
    const TensorView& view = request.inputs[added.input];
    const auto lies = DescribeItem(*runtime, view, rank);
    if (!lies || view.dtype != y.dtype ||
        !std::equal(view.dims.begin(), view.dims.end(), y.dims.begin(), y.dims.end()) ||
        !std::equal(view.strides.begin() + 1, view.strides.end(), y.strides.begin() + 1)) {
      return nullptr;
    }
    tensors.push_back({added.argument, *output});
    loop.operands.push_back({false, added.input, FirstStep(view, y.dims)});
  }
  auto primitive = Primitive::Make(runtime, description, tensors, {});
  if (primitive == nullptr) return nullptr;
  loop.parts.push_back({std::move(primitive), 0, y.dims[0], 1});
  return MakeLoopKernel(std::move(loop));
}

}  // namespace fedge::onednn
