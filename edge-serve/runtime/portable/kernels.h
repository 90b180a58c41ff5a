#pragma once

#include <memory>

#include "fedge/engine/kernel.h"

namespace fedge::portable {

// An optional input, and those of the same kind; without sizes and data where it is absent.
inline TensorView InputOrNone(std::span<const TensorView> inputs, std::size_t i) {
  return i < inputs.size() ? inputs[i] : TensorView{};
}
inline bool IsPresent(const TensorView& view) { return view.data != nullptr || !view.dims.empty(); }

// One maker per operator, each in the file of its family. nullptr: not with these types.
using KernelPtr = std::unique_ptr<const Kernel>;
KernelPtr Make(const op::Unary& op, const KernelRequest& request);
KernelPtr Make(const op::Binary& op, const KernelRequest& request);
KernelPtr Make(const op::Where& op, const KernelRequest& request);
KernelPtr Make(const op::Cast& op, const KernelRequest& request);
KernelPtr Make(const op::Conv& op, const KernelRequest& request);
KernelPtr Make(const op::Linear& op, const KernelRequest& request);
KernelPtr Make(const op::MatMul& op, const KernelRequest& request);
KernelPtr Make(const op::Attention& op, const KernelRequest& request);
KernelPtr Make(const op::BatchNorm& op, const KernelRequest& request);
KernelPtr Make(const op::LayerNorm& op, const KernelRequest& request);
KernelPtr Make(const op::GroupNorm& op, const KernelRequest& request);
KernelPtr Make(const op::Softmax& op, const KernelRequest& request);
KernelPtr Make(const op::Pool& op, const KernelRequest& request);
KernelPtr Make(const op::AdaptivePool& op, const KernelRequest& request);
KernelPtr Make(const op::Reduce& op, const KernelRequest& request);
KernelPtr Make(const op::ArgMax& op, const KernelRequest& request);
KernelPtr Make(const op::TopK& op, const KernelRequest& request);
KernelPtr Make(const op::Concat& op, const KernelRequest& request);
KernelPtr Make(const op::Slice& op, const KernelRequest& request);
KernelPtr Make(const op::Reshape& op, const KernelRequest& request);
KernelPtr Make(const op::Permute& op, const KernelRequest& request);
KernelPtr Make(const op::Expand& op, const KernelRequest& request);
KernelPtr Make(const op::Fill& op, const KernelRequest& request);
KernelPtr Make(const op::Pad& op, const KernelRequest& request);
KernelPtr Make(const op::Resize& op, const KernelRequest& request);
KernelPtr Make(const op::Gather& op, const KernelRequest& request);
KernelPtr Make(const op::CumSum& op, const KernelRequest& request);
KernelPtr Make(const op::Recurrent& op, const KernelRequest& request);
KernelPtr Make(const op::Quantize& op, const KernelRequest& request);
KernelPtr Make(const op::Dequantize& op, const KernelRequest& request);
KernelPtr Make(const op::QuantConv& op, const KernelRequest& request);
KernelPtr Make(const op::QuantLinear& op, const KernelRequest& request);
KernelPtr Make(const op::DynamicQuantLinear& op, const KernelRequest& request);
KernelPtr Make(const op::DynamicQuantConv& op, const KernelRequest& request);
KernelPtr Make(const op::QuantAdd& op, const KernelRequest& request);

}  // namespace fedge::portable
