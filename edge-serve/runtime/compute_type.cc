#include "fedge/engine/compute_type.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace fedge {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"auto", "fp32", "bf16", "fp16"};

}  // namespace

std::string_view ComputeTypeName(ComputeType type) {
  return kNames[static_cast<std::size_t>(type)];
}

Result<ComputeType> ParseComputeType(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ComputeType>(i);
  }
  return InvalidArgument("'{:.40}' is no compute type; there are {}", name,
                         fmt::join(kNames, ", "));
}

namespace internal {
namespace {

bool IsRetyped(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

bool CpuComputesIn(DType dtype) {
#if defined(__x86_64__)
  // GCC 12 does not know the names of all features of __builtin_cpu_supports.
  __builtin_cpu_init();
  if (dtype == DType::kBFloat16) return __builtin_cpu_supports("avx512bf16") != 0;
#endif
  return dtype == DType::kFloat32;
}

// The half type that most constants' bytes are stored in; float32 if that is most.
DType StoredType(const Graph& graph) {
  std::map<DType, std::int64_t> elements;
  for (const GraphValue& value : graph.values) {
    if (value.constant.has_value() && IsRetyped(value.dtype)) {
      elements[value.dtype] += NumElements(At(value.shape, 1));
    }
  }
  DType most = DType::kFloat32;
  for (const auto& [dtype, count] : elements) {
    if (count > elements[most]) most = dtype;
  }
  return most;
}

class Retyper {
 public:
  Retyper(Graph& graph, DType dtype) : graph_(graph), dtype_(dtype) {
    for (const Port& input : graph.inputs) inputs_.insert(input.value);
  }

  void Run() {
    std::vector<GraphNode> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    const std::size_t num_values = graph_.values.size();
    for (ValueId id = 0; id < num_values; ++id) Retype(id);
    for (Port& input : graph_.inputs) {
      if (const auto given = originals_.find(input.value); given != originals_.end()) {
        AddCast(given->second, input.value);
        input.value = given->second;
      }
    }
    for (const auto& [id, stored] : stored_) AddCast(stored, id);
    std::move(nodes.begin(), nodes.end(), std::back_inserter(graph_.nodes));
    for (Port& output : graph_.outputs) {
      const auto before = dtypes_.find(output.value);
      if (before == dtypes_.end()) continue;
      const GraphValue& value = graph_.values[output.value];
      const ValueId from = std::exchange(
          output.value,
          graph_.AddValue(
              {.name = value.name, .dtype = before->second, .shape = value.shape, .constant = {}}));
      AddCast(from, output.value);
    }
  }

 private:
  void Retype(ValueId id) {
    const DType before = graph_.values[id].dtype;
    if (!IsRetyped(before) || before == dtype_) return;
    dtypes_[id] = before;
    const bool stored = graph_.IsConstant(id);
    if (stored || inputs_.contains(id)) {
      (stored ? stored_ : originals_)[id] = graph_.AddValue(GraphValue(graph_.values[id]));
    }
    graph_.values[id].dtype = dtype_;
    graph_.values[id].constant.reset();
  }

  void AddCast(ValueId from, ValueId to) {
    graph_.nodes.push_back({{op::Cast{}, {from}, {to}, "", ""}, {}, false});
  }

  Graph& graph_;
  const DType dtype_;
  std::set<ValueId> inputs_;
  std::map<ValueId, DType> dtypes_;       // before
  std::map<ValueId, ValueId> originals_;  // of graph inputs
  std::map<ValueId, ValueId> stored_;     // of constants
};

}  // namespace

DType ResolveComputeType(ComputeType type, const Graph& graph) {
  // The arithmetic of integer layers is float32's (see ops.h).
  if (std::any_of(graph.nodes.begin(), graph.nodes.end(),
                  [](const GraphNode& node) { return IsQuantized(node.node.op); })) {
    return DType::kFloat32;
  }
  switch (type) {
    case ComputeType::kFloat32:
      return DType::kFloat32;
    case ComputeType::kBFloat16:
      return DType::kBFloat16;
    case ComputeType::kFloat16:
      return DType::kFloat16;
    case ComputeType::kAuto:
      break;
  }
  const DType stored = StoredType(graph);
  return CpuComputesIn(stored) ? stored : DType::kFloat32;
}

void SetComputeType(Graph& graph, DType dtype) { Retyper(graph, dtype).Run(); }

}  // namespace internal
}  // namespace fedge
