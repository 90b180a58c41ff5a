#include <algorithm>

#include "fedge/engine/passes/pass.h"

// Four-dimensional tensors around convolutions have their channels last: the kernels for them are
// fastest so, and need no reordering in between.
namespace fedge::internal {
namespace {

bool WantsChannelsLast(const Op& op) {
  return std::holds_alternative<op::Conv>(op) || std::holds_alternative<op::QuantConv>(op) ||
         std::holds_alternative<op::DynamicQuantConv>(op) || std::holds_alternative<op::Pool>(op) ||
         std::holds_alternative<op::AdaptivePool>(op) || std::holds_alternative<op::Resize>(op) ||
         std::holds_alternative<op::BatchNorm>(op);
}

// What has the layout of its inputs.
bool KeepsLayout(const Op& op) {
  return std::holds_alternative<op::Unary>(op) || std::holds_alternative<op::Binary>(op) ||
         std::holds_alternative<op::Where>(op) || std::holds_alternative<op::Cast>(op) ||
         std::holds_alternative<op::Concat>(op) || std::holds_alternative<op::Pad>(op) ||
         std::holds_alternative<op::Quantize>(op) || std::holds_alternative<op::Dequantize>(op) ||
         std::holds_alternative<op::QuantAdd>(op);
}

class Assigner {
 public:
  explicit Assigner(Graph& graph) : graph_(graph) {}

  void Forward(const Node& node) {
    if (WantsChannelsLast(node.op)) {
      Set(node.outputs[0]);
      Set(node.inputs[0]);
    } else if (KeepsLayout(node.op) && AnyInput(node)) {
      Set(node.outputs[0]);
    }
  }

  // What goes into an operator that keeps its layout is best made in that layout.
  void Backward(const Node& node) {
    if (!KeepsLayout(node.op) || !Has(node.outputs[0])) return;
    for (const ValueId id : node.inputs) Set(id);
  }

 private:
  bool Has(ValueId id) const {
    return id != kAbsent && graph_.values[id].layout == Layout::kChannelsLast;
  }
  bool AnyInput(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return Has(id); });
  }
  void Set(ValueId id) {
    if (id == kAbsent || graph_.values[id].shape.size() != 4 || graph_.IsConstant(id)) return;
    graph_.values[id].layout = Layout::kChannelsLast;
  }

  Graph& graph_;
};

}  // namespace

void ChannelsLast(Graph& graph, Providers) {
  Assigner assigner(graph);
  for (const GraphNode& node : graph.nodes) assigner.Forward(node.node);
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    assigner.Backward(node->node);
  }
  // What callers hand over is row-major.
  for (const Port& input : graph.inputs) graph.values[input.value].layout = Layout::kRowMajor;
}

}  // namespace fedge::internal
