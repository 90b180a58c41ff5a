#include <algorithm>

#include "fedge/engine/passes/pass.h"

// Operators that do nothing, and two that look at memory one after the other.
namespace fedge::internal {
namespace {

bool AllZero(const std::vector<std::int64_t>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n == 0; });
}

bool DoesNothing(const Op& op, const GraphValue& from, const GraphValue& to) {
  if (from.shape != to.shape || from.dtype != to.dtype) return false;
  if (const auto* permute = std::get_if<op::Permute>(&op)) {
    return std::is_sorted(permute->order.begin(), permute->order.end());
  }
  if (const auto* pad = std::get_if<op::Pad>(&op)) return AllZero(pad->begin) && AllZero(pad->end);
  if (const auto* slice = std::get_if<op::Slice>(&op)) return slice->start == 0;
  return std::holds_alternative<op::Cast>(op) || std::holds_alternative<op::Reshape>(op) ||
         std::holds_alternative<op::Expand>(op) || std::holds_alternative<op::Concat>(op);
}

// A view of a view of the same kind is a view of what lies below.
void SkipInner(GraphEditor& editor, Graph& graph, std::size_t i) {
  Node& node = graph.nodes[i].node;
  const ValueId x = node.inputs[0];
  const auto below = [&] { return graph.nodes[editor.producer(x)].node.inputs[0]; };
  if (std::holds_alternative<op::Reshape>(node.op) && editor.ProducedBy<op::Reshape>(x)) {
    editor.SetInput(i, 0, below());
  } else if (auto* permute = std::get_if<op::Permute>(&node.op)) {
    const auto* inner = editor.ProducedBy<op::Permute>(x);
    if (inner == nullptr) return;
    for (std::int64_t& d : permute->order) d = inner->order[static_cast<std::size_t>(d)];
    editor.SetInput(i, 0, below());
  }
}

}  // namespace

void RemoveNoOps(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    GraphNode* node = editor.Visit(i);
    if (node == nullptr || node->node.inputs.size() != 1 || node->node.outputs.size() != 1) {
      continue;
    }
    SkipInner(editor, graph, i);
    const ValueId x = node->node.inputs[0];
    const ValueId y = node->node.outputs[0];
    if (!DoesNothing(node->node.op, graph.values[x], graph.values[y])) continue;
    editor.Replace(y, x);
    editor.Remove(i);
  }
}

}  // namespace fedge::internal
