#pragma once

#include <optional>
#include <vector>

#include "fedge/engine/onednn/primitive.h"

namespace fedge::onednn {

// How a constant lies, and how a primitive reads it.
struct Packing {
  dnnl_memory_desc_t from = {}, to = {};
};

// The request's weights, inputs[1], and its bias, inputs[2] (nullopt: it has none). Empty: oneDNN
// can't do it.
std::vector<PackedArgument> PackConstants(const Runtime& runtime, const KernelRequest& request,
                                          const Packing& weights,
                                          const std::optional<Packing>& bias);

// An input that may be absent.
inline bool HasInput(const KernelRequest& request, std::size_t input) {
  return input < request.inputs.size() &&
         (request.inputs[input].data != nullptr || !request.inputs[input].dims.empty());
}

}  // namespace fedge::onednn
