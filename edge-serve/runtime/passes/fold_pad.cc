#include <algorithm>
#include <concepts>
#include <optional>
#include <variant>

#include "fedge/engine/passes/pass.h"
#include "fedge/program/infer_support.h"

// Zeros around a convolution's input are the convolution's own padding: numbers, or bytes.
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

struct ConvPads {
  op::Pair* begin;
  op::Pair* end;
};

// Of a convolution that can take more.
std::optional<ConvPads> PadsOf(Op& op) {
  return std::visit(
      []<class T>(T& conv) -> std::optional<ConvPads> {
        if constexpr (std::same_as<T, op::Conv>) {
          if (conv.transposed) return std::nullopt;
        }
        if constexpr (requires { conv.pad_begin; }) {
          return ConvPads{&conv.pad_begin, &conv.pad_end};
        } else {
          return std::nullopt;
        }
      },
      op);
}

}  // namespace

void FoldPad(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    GraphNode* node = editor.Visit(i);
    const auto pads = node == nullptr ? std::nullopt : PadsOf(node->node.op);
    if (!pads.has_value()) continue;
    const ValueId x = node->node.inputs[0];
    const auto* pad = editor.ProducedBy<op::Pad>(x);
    if (pad == nullptr || !IsSpatialZeros(*pad)) continue;
    op::Pair begin = *pads->begin, end = *pads->end;
    const std::size_t rank = pad->begin.size();
    for (std::size_t d = 2; d < rank; ++d) {
      begin[d + 2 - rank] += pad->begin[d];
      end[d + 2 - rank] += pad->end[d];
    }
    if (std::max({begin[0], begin[1], end[0], end[1]}) >= kMaxAttribute) continue;
    *pads->begin = begin;
    *pads->end = end;
    editor.SetInput(i, 0, graph.nodes[editor.producer(x)].node.inputs[0]);
  }
}

}  // namespace fedge::internal
