#pragma once

#include <memory>

#include "fedge/engine/onednn/runtime.h"

namespace fedge::onednn {

// One maker per operator. nullptr: not these tensors, or only by reference code.
using KernelPtr = std::unique_ptr<const Kernel>;
KernelPtr Make(const RuntimePtr& runtime, const op::Conv& op, const KernelRequest& request);
// Weights of float32 rows: at least `min_bytes`.
KernelPtr MakeLinear(const RuntimePtr& runtime, const KernelRequest& request,
                     std::size_t min_bytes);
KernelPtr Make(const RuntimePtr& runtime, const op::MatMul& op, const KernelRequest& request);
KernelPtr Make(const RuntimePtr& runtime, const op::QuantConv& op, const KernelRequest& request);
KernelPtr MakeQuantLinear(const RuntimePtr& runtime, const KernelRequest& request);

}  // namespace fedge::onednn
