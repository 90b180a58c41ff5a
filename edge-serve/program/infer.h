#pragma once

#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/program/program.h"

namespace fedge {

struct TensorType {
  DType dtype = DType::kFloat32;
  Shape shape;
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

// What the operator makes of inputs of these types (nullptr: absent), for every batch at once.
// `declared` are the types that the node's outputs are said to have: for operators that take their
// sizes or dtype from there (Reshape, Expand, Fill, Cast, AdaptivePool, Resize, Slice, QuantConv,
// QuantLinear), checked against the inputs; ignored, and may be empty, for all others.
// kInvalidArgument says what does not fit: "weight is [64, 3, 7, 7], but x has 4 channels".
Result<std::vector<TensorType>> InferOutputs(const Op& op,
                                             std::span<const TensorType* const> inputs,
                                             std::span<const TensorType> declared);

}  // namespace fedge
