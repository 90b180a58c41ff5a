#pragma once

#include <optional>

#include "fedge/engine/onednn/primitive.h"

namespace fedge::onednn {

// Constant inputs[input] of the request, which lies as `from` says, in the layout `to`. nullopt:
// oneDNN can't do it.
std::optional<PackedArgument> Pack(const Runtime& runtime, const KernelRequest& request,
                                   std::size_t input, const dnnl_memory_desc_t& from,
                                   const Argument& to);

// An input that may be absent.
inline bool HasInput(const KernelRequest& request, std::size_t input) {
  return input < request.inputs.size() &&
         (request.inputs[input].data != nullptr || !request.inputs[input].dims.empty());
}

}  // namespace fedge::onednn
