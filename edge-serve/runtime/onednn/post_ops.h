#pragma once

#include <optional>
#include <span>
#include <vector>

#include "fedge/engine/onednn/primitive.h"

namespace fedge::onednn {

// A chain of post-ops in oneDNN's terms.
struct Attributes {
  Handle<dnnl_primitive_attr_t> attributes;
  // Inputs that are added, and the arguments that they are. The sum adds to what the output holds
  // already: copied there first.
  std::optional<std::size_t> sum;
  struct Added {
    std::size_t input;
    int argument;
  };
  std::vector<Added> added;
};

enum class Residual { kSum, kBinary };

// The first added input as oneDNN's sum or, as all others, as a binary operation with tensors of
// the layout `output`. nullopt: not in oneDNN's terms.
std::optional<Attributes> MakeAttributes(const Runtime& runtime, std::span<const PostOp> post_ops,
                                         const dnnl_memory_desc_t& output, Residual residual);

}  // namespace fedge::onednn
