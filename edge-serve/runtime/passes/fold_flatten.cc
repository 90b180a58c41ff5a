#include <utility>

#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/numbers.h"
#include "fedge/engine/passes/pass.h"

// [N, C, H, W] with its channels last, flattened for a linear layer: the columns of the weight
// change places once, instead of the elements in each run.
namespace fedge::internal {
namespace {

struct Sizes {
  std::int64_t channels, height, width;
};

// Of what node `flatten` flattens, if it lies channels-last and its order matters.
std::optional<Sizes> Flattened(const Graph& graph, const Node& flatten) {
  const GraphValue& x = graph.values[flatten.inputs[0]];
  const GraphValue& y = graph.values[flatten.outputs[0]];
  if (x.layout != Layout::kChannelsLast || y.shape.size() != 2 || x.shape[0] != y.shape[0] ||
      !x.shape[1].is_constant() || !x.shape[2].is_constant() || !x.shape[3].is_constant()) {
    return std::nullopt;
  }
  const Sizes sizes{x.shape[1].base, x.shape[2].base, x.shape[3].base};
  if (sizes.channels == 1 || sizes.height * sizes.width == 1) return std::nullopt;
  return sizes;
}

bool IsLinear(const Op& op) {
  return std::holds_alternative<op::Linear>(op) || std::holds_alternative<op::QuantLinear>(op) ||
         std::holds_alternative<op::DynamicQuantLinear>(op);
}

// Columns (c, h, w) as (h, w, c).
GraphValue ReorderColumns(const GraphValue& weight, const Sizes& sizes) {
  const std::int64_t rows = weight.shape[0].base;
  const std::int64_t row = weight.constant->strides[0];
  const std::int64_t column = weight.constant->strides[1];
  const std::int64_t pixels = sizes.height * sizes.width;
  const Region region{0,
                      {rows, sizes.height, sizes.width, sizes.channels},
                      {row, sizes.width * column, column, pixels * column}};
  const std::size_t size = DTypeSize(weight.dtype);
  const auto bytes = static_cast<std::size_t>(NumElements(region.dims)) * size;
  const auto make = [=, from = *weight.constant]() -> Result<Constant::Bytes> {
    FEDGE_ASSIGN_OR_RETURN(const auto held, from.constant->Hold());
    const auto out = AllocateAligned(bytes);
    CopyRegion(held.get() + from.offset, region, size, out.get());
    return Constant::Bytes(out);
  };
  GraphValue reordered = weight;
  reordered.constant = {
      std::make_shared<const Constant>(bytes, make, weight.constant->constant->depth() + 1),
      0,
      {pixels * sizes.channels, 1}};
  return reordered;
}

}  // namespace

void FoldFlatten(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    if (node == nullptr || !IsLinear(node->node.op)) continue;
    const ValueId flat = node->node.inputs[0];
    const ValueId weight = node->node.inputs[1];
    if (editor.ProducedBy<op::Reshape>(flat) == nullptr || editor.uses(flat) != 1 ||
        !graph.IsConstant(weight) ||
        graph.values[weight].constant->constant->depth() >= Constant::kMaxDepth) {
      continue;
    }
    const std::size_t flatten = editor.producer(flat);
    const auto sizes = Flattened(graph, graph.nodes[flatten].node);
    if (!sizes.has_value()) continue;
    const ValueId x = graph.nodes[flatten].node.inputs[0];
    GraphValue last = graph.values[x];
    last.layout = Layout::kRowMajor;
    last.shape = {last.shape[0], last.shape[2], last.shape[3], last.shape[1]};
    const ValueId permuted = editor.AddValue(std::move(last));
    editor.InsertBefore(flatten, {op::Permute{{0, 2, 3, 1}}, {x}, {permuted}, "", ""});
    editor.SetInput(flatten, 0, permuted);
    editor.SetInput(i, 1, editor.AddValue(ReorderColumns(graph.values[weight], *sizes)));
  }
}

}  // namespace fedge::internal
