#pragma once

#include <memory>

#include "fedge/engine/onednn/runtime.h"

namespace fedge::onednn {

// One maker per operator. nullptr: not these tensors, or only by reference code.
using KernelPtr = std::unique_ptr<const Kernel>;
KernelPtr Make(const RuntimePtr& runtime, const op::Conv& op, const KernelRequest& request);
KernelPtr Make(const RuntimePtr& runtime, const op::Linear& op, const KernelRequest& request);
KernelPtr Make(const RuntimePtr& runtime, const op::MatMul& op, const KernelRequest& request);

}  // namespace fedge::onednn
