#pragma once

#include <cstdint>
#include <string_view>

#include "fedge/engine/graph.h"

namespace fedge {

// What a model computes in, whatever it is stored in.
enum class ComputeType : std::uint8_t {
  kAuto,  // float32; in a half type where the model is stored in it and the CPU computes in it
  kFloat32,
  kBFloat16,
  kFloat16,
};

// "auto", "fp32", "bf16", "fp16".
std::string_view ComputeTypeName(ComputeType type);
Result<ComputeType> ParseComputeType(std::string_view name);

namespace internal {

// The dtype that kAuto stands for: that in which the graph's large constants are stored, if the
// CPU has instructions for it. Always float32 where there are integer layers: their scales and
// ranges are.
DType ResolveComputeType(ComputeType type, const Graph& graph);

// Computes in `dtype` whatever the graph computes in float32 or less. Its inputs and outputs keep
// their dtypes; constants are converted when they are folded.
void SetComputeType(Graph& graph, DType dtype);

}  // namespace internal
}  // namespace fedge
