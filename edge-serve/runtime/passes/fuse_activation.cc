#include "fedge/engine/passes/pass.h"

// An activation is applied by the product that makes its input, before it is stored.
namespace fedge::internal {

void FuseActivation(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    if (node == nullptr || !std::holds_alternative<op::Unary>(node->node.op)) continue;
    const op::Unary activation = std::get<op::Unary>(node->node.op);
    const ValueId x = node->node.inputs[0];
    const std::size_t producer = editor.producer(x);
    if (producer == GraphEditor::kNoNode || editor.uses(x) != 1 ||
        !TakesPostOps(graph.nodes[producer].node.op) || !IsFloatingPoint(graph.values[x].dtype)) {
      continue;
    }
    editor.MoveInto(producer, i);
    graph.nodes[i].post_ops.emplace_back(activation);
  }
}

}  // namespace fedge::internal
