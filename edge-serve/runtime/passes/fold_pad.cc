#include <algorithm>

#include "fedge/engine/passes/pass.h"
#include "fedge/program/infer_support.h"

// Zeros around a convolution's input are the convolution's own padding.
namespace fedge::internal {
namespace {

// Zeros, around the spatial dimensions only.
bool IsSpatialZeros(const op::Pad& pad) {
  const auto outer_zero = [](const std::vector<std::int64_t>& numbers) {
    return numbers[0] == 0 && numbers[1] == 0 &&
           std::all_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n >= 0; });
  };
  return pad.mode == op::Pad::Mode::kConstant && pad.value == 0 && outer_zero(pad.begin) &&
         outer_zero(pad.end);
}

}  // namespace

void FoldPad(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    GraphNode* node = editor.Visit(i);
    auto* conv = node == nullptr ? nullptr : std::get_if<op::Conv>(&node->node.op);
    if (conv == nullptr || conv->transposed) continue;
    const ValueId x = node->node.inputs[0];
    const auto* pad = editor.ProducedBy<op::Pad>(x);
    if (pad == nullptr || !IsSpatialZeros(*pad)) continue;
    op::Conv padded = *conv;
    const std::size_t rank = pad->begin.size();
    for (std::size_t d = 2; d < rank; ++d) {
      padded.pad_begin[d + 2 - rank] += pad->begin[d];
      padded.pad_end[d + 2 - rank] += pad->end[d];
    }
    const auto largest =
        std::max({padded.pad_begin[0], padded.pad_begin[1], padded.pad_end[0], padded.pad_end[1]});
    if (largest >= kMaxAttribute) continue;
    *conv = padded;
    editor.SetInput(i, 0, graph.nodes[editor.producer(x)].node.inputs[0]);
  }
}

}  // namespace fedge::internal
