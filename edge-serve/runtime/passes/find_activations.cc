#include <cmath>
#include <limits>

#include "fedge/engine/passes/pass.h"

// Activations that a model spells out: x * sigmoid(x), relu6(x + 3) / 6, clamp(x, 0, 6).
namespace fedge::internal {
namespace {

using UnaryKind = op::Unary::Kind;
using BinaryKind = op::Binary::Kind;

class Finder {
 public:
  Finder(Graph& graph, GraphEditor& editor) : graph_(graph), editor_(editor) {}

  void Visit(std::size_t i) {
    const Op& op = graph_.nodes[i].node.op;
    if (const auto* unary = std::get_if<op::Unary>(&op)) return SimplifyClamp(i, *unary);
    if (const auto* binary = std::get_if<op::Binary>(&op)) {
      if (binary->kind == BinaryKind::kMul) return FindProduct(i);
      if (binary->kind == BinaryKind::kDiv) return FindHardsigmoid(i, 0, 6.0);
    }
  }

 private:
  const std::vector<ValueId>& Inputs(ValueId made) const {
    return graph_.nodes[editor_.producer(made)].node.inputs;
  }

  // x, if `id` is kind(x).
  ValueId ArgumentOf(UnaryKind kind, ValueId id) const {
    const auto* unary = editor_.ProducedBy<op::Unary>(id);
    return unary != nullptr && unary->kind == kind ? Inputs(id)[0] : kAbsent;
  }

  // Node i becomes kind(x).
  void Become(std::size_t i, UnaryKind kind, ValueId x) {
    // Broadcasting with what was there may have made the output larger than x.
    if (graph_.values[x].shape != graph_.values[graph_.nodes[i].node.outputs[0]].shape) return;
    while (!graph_.nodes[i].node.inputs.empty()) {
      editor_.SetInput(i, graph_.nodes[i].node.inputs.size() - 1, kAbsent);
      graph_.nodes[i].node.inputs.pop_back();
    }
    editor_.AddInput(i, x);
    graph_.nodes[i].node.op = op::Unary{kind};
  }

  void SimplifyClamp(std::size_t i, const op::Unary& unary) {
    if (unary.kind != UnaryKind::kClamp || unary.alpha != 0) return;
    op::Unary& op = std::get<op::Unary>(graph_.nodes[i].node.op);
    if (unary.beta == std::numeric_limits<double>::infinity()) {
      op = {UnaryKind::kRelu};
    } else if (unary.beta == 6) {
      op = {UnaryKind::kRelu6};
    }
  }

  void FindProduct(std::size_t i) {
    const std::vector<ValueId> inputs = graph_.nodes[i].node.inputs;
    for (std::size_t k = 0; k < 2; ++k) {
      const ValueId x = inputs[1 - k];
      if (ArgumentOf(UnaryKind::kSigmoid, inputs[k]) == x) return Become(i, UnaryKind::kSilu, x);
      if (ArgumentOf(UnaryKind::kHardsigmoid, inputs[k]) == x) {
        return Become(i, UnaryKind::kHardswish, x);
      }
    }
    FindHardsigmoid(i, 0, 1.0 / 6);
    if (std::holds_alternative<op::Binary>(graph_.nodes[i].node.op)) {
      FindHardsigmoid(i, 1, 1.0 / 6);
    }
  }

  // relu6(x + 3) over, or times, `factor`; the activation is input `k`.
  void FindHardsigmoid(std::size_t i, std::size_t k, double factor) {
    const std::vector<ValueId>& inputs = graph_.nodes[i].node.inputs;
    const auto scale = ScalarOf(graph_, inputs[1 - k]);
    if (!scale.has_value() || std::abs(*scale - factor) > 1e-6 * factor) return;
    const ValueId sum = ArgumentOf(UnaryKind::kRelu6, inputs[k]);
    const auto* add = editor_.ProducedBy<op::Binary>(sum);
    if (add == nullptr || add->kind != BinaryKind::kAdd) return;
    const std::vector<ValueId>& terms = Inputs(sum);
    for (std::size_t t = 0; t < 2; ++t) {
      if (ScalarOf(graph_, terms[1 - t]) == 3.0) {
        return Become(i, UnaryKind::kHardsigmoid, terms[t]);
      }
    }
  }

  Graph& graph_;
  GraphEditor& editor_;
};

}  // namespace

void FindActivations(Graph& graph, Providers) {
  GraphEditor editor(graph);
  Finder finder(graph, editor);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    if (node != nullptr && IsFloatingPoint(graph.values[node->node.outputs[0]].dtype)) {
      finder.Visit(i);
    }
  }
}

}  // namespace fedge::internal
