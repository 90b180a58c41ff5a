#include <utility>

#include "fedge/engine/passes/pass.h"

// A constant per output channel that is added to a convolution or a linear layer without a bias.
namespace fedge::internal {
namespace {

// The constant as [channels], if that is how it broadcasts over `y` with the channels at `dim`.
std::optional<GraphValue> AsBias(const GraphValue& constant, const GraphValue& y, std::size_t dim) {
  const std::size_t behind = y.shape.size() - dim - 1;
  if (constant.shape.size() <= behind) return std::nullopt;
  const std::size_t at = constant.shape.size() - behind - 1;
  for (std::size_t d = 0; d < constant.shape.size(); ++d) {
    if (constant.shape[d] != (d == at ? y.shape[dim] : Dim(1))) return std::nullopt;
  }
  GraphValue bias = constant;
  bias.shape = {constant.shape[at]};
  bias.constant->strides = {constant.constant->strides[at]};
  return bias;
}

}  // namespace

void FuseBias(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    const auto* binary = node == nullptr ? nullptr : std::get_if<op::Binary>(&node->node.op);
    if (binary == nullptr || binary->kind != op::Binary::Kind::kAdd) continue;
    const std::vector<ValueId> inputs = node->node.inputs;
    for (std::size_t k = 0; k < 2; ++k) {
      const ValueId x = inputs[k];
      const bool conv = editor.ProducedBy<op::Conv>(x) != nullptr;
      if ((!conv && editor.ProducedBy<op::Linear>(x) == nullptr) || editor.uses(x) != 1 ||
          !graph.IsConstant(inputs[1 - k])) {
        continue;
      }
      const GraphNode& layer = graph.nodes[editor.producer(x)];
      const GraphValue& y = graph.values[x];
      if (layer.node.inputs[2] != kAbsent || !layer.post_ops.empty() ||
          graph.values[node->node.outputs[0]].shape != y.shape) {
        continue;
      }
      auto bias = AsBias(graph.values[inputs[1 - k]], y, conv ? 1 : y.shape.size() - 1);
      if (!bias.has_value()) continue;
      editor.MoveInto(editor.producer(x), i);
      editor.SetInput(i, 2, editor.AddValue(std::move(*bias)));
      break;
    }
  }
}

}  // namespace fedge::internal
