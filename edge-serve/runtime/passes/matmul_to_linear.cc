#include <utility>

#include "fedge/engine/passes/pass.h"

// A product with a constant matrix is a linear layer, whose weight can be packed.
namespace fedge::internal {

void MatMulToLinear(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    if (node == nullptr || !std::holds_alternative<op::MatMul>(node->node.op) ||
        !node->post_ops.empty()) {
      continue;
    }
    const ValueId b = node->node.inputs[1];
    if (!graph.IsConstant(b) || graph.values[b].shape.size() != 2 ||
        !IsFloatingPoint(graph.values[b].dtype)) {
      continue;
    }
    const GraphValue& matrix = graph.values[b];
    StoredTensor transposed = *matrix.constant;
    std::swap(transposed.strides[0], transposed.strides[1]);
    GraphValue weight{
        matrix.name, matrix.dtype, {matrix.shape[1], matrix.shape[0]}, std::move(transposed)};
    editor.SetInput(i, 1, editor.AddValue(std::move(weight)));
    graph.nodes[i].node.inputs.push_back(kAbsent);
    graph.nodes[i].node.op = op::Linear{};
  }
}

}  // namespace fedge::internal
