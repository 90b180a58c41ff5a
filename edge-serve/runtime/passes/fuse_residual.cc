#include "fedge/engine/passes/pass.h"

// A sum of a product and another tensor of its shape is computed by the product.
namespace fedge::internal {
namespace {

// The later of the two inputs' producers that can take the sum: what it waits for is there by then.
std::size_t FindProduct(const Graph& graph, const GraphEditor& editor, const Node& add) {
  const GraphValue& sum = graph.values[add.outputs[0]];
  std::size_t found = GraphEditor::kNoNode;
  for (const ValueId x : add.inputs) {
    const GraphValue& value = graph.values[x];
    if (value.shape != sum.shape || value.dtype != sum.dtype) return GraphEditor::kNoNode;
    const std::size_t producer = editor.producer(x);
    if (producer == GraphEditor::kNoNode || editor.uses(x) != 1 ||
        !TakesPostOps(graph.nodes[producer].node.op)) {
      continue;
    }
    if (found == GraphEditor::kNoNode || producer > found) found = producer;
  }
  return found;
}

}  // namespace

void FuseResidual(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    const auto* binary = node == nullptr ? nullptr : std::get_if<op::Binary>(&node->node.op);
    if (binary == nullptr || binary->kind != op::Binary::Kind::kAdd ||
        !IsFloatingPoint(graph.values[node->node.outputs[0]].dtype)) {
      continue;
    }
    const std::size_t product = FindProduct(graph, editor, node->node);
    if (product == GraphEditor::kNoNode) continue;
    const ValueId made = graph.nodes[product].node.outputs[0];
    const std::vector<ValueId> terms = node->node.inputs;
    const ValueId other = terms[0] == made ? terms[1] : terms[0];
    editor.MoveInto(product, i);
    editor.AddInput(i, other);
    graph.nodes[i].post_ops.emplace_back(fedge::AddInput{graph.nodes[i].node.inputs.size() - 1});
  }
}

}  // namespace fedge::internal
