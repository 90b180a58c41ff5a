#pragma once

#include <optional>
#include <string>
#include <vector>

#include <torch/csrc/jit/ir/ir.h>

#include "fedge/lower/abstract.h"
#include "fedge/lower/builder.h"

namespace fedge::lower {

// What operations on numbers, sizes, lists and facts of tensors give, where it is known without
// LibTorch: nullopt where it is none of these, or LibTorch can compute it.
using Structure = std::optional<std::vector<Abstract>>;

struct StructuralCall {
  const std::string& name;  // "aten::append", "prim::ListConstruct"
  const std::vector<Abstract>& inputs;
  const torch::jit::Node& node;
};

Structure EvaluateContainer(const StructuralCall& call);   // lists, tuples, dictionaries
Structure EvaluateSize(const StructuralCall& call);        // arithmetic with sizes
Structure EvaluateTensorFact(const StructuralCall& call);  // x.size(), x.dtype, isinstance ...

}  // namespace fedge::lower
