#include <cmath>
#include <utility>

#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/numbers.h"
#include "fedge/engine/passes/pass.h"
#include "fedge/tensor/number.h"

// Batch norm behind a convolution or a linear layer, in evaluation: y = s (w x + b) + t with
// s = weight / sqrt(variance + eps), t = bias - s mean, is a layer with weight s w, bias s b + t.
namespace fedge::internal {
namespace {

struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

Region RegionOf(const GraphValue& value) {
  return {0, At(value.shape, 1), value.constant->strides};
}

// The elements of a constant of one dimension; `count` times `absent` if it is not there.
std::optional<std::vector<double>> Numbers(const Graph& graph, ValueId id, std::size_t count,
                                           double absent) {
  if (id == kAbsent) return std::vector<double>(count, absent);
  if (!graph.IsConstant(id)) return std::nullopt;
  const GraphValue& value = graph.values[id];
  const auto bytes = value.constant->constant->Hold();
  if (!bytes.ok()) return std::nullopt;
  const std::byte* element = bytes->get() + value.constant->offset;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    numbers.push_back(LoadNumber(value.dtype, element));
    element += value.constant->strides[0] * static_cast<std::int64_t>(DTypeSize(value.dtype));
  }
  return numbers;
}

std::optional<Affine> AffineOf(const Graph& graph, const Node& node, std::size_t channels) {
  const double eps = std::get<op::BatchNorm>(node.op).eps;
  const auto weight = Numbers(graph, node.inputs[1], channels, 1);
  const auto bias = Numbers(graph, node.inputs[2], channels, 0);
  const auto mean = Numbers(graph, node.inputs[3], channels, 0);
  const auto variance = Numbers(graph, node.inputs[4], channels, 1);
  if (!weight || !bias || !mean || !variance) return std::nullopt;
  Affine affine;
  for (std::size_t c = 0; c < channels; ++c) {
    const double scale = (*weight)[c] / std::sqrt((*variance)[c] + eps);
    affine.scale.push_back(scale);
    affine.shift.push_back((*bias)[c] - (*mean)[c] * scale);
  }
  return affine;
}

// The output channel that row (i, j) of a weight belongs to.
std::size_t ChannelOf(const Op& op, std::size_t rows, std::size_t columns, std::size_t i,
                      std::size_t j) {
  const auto* conv = std::get_if<op::Conv>(&op);
  if (conv == nullptr || !conv->transposed) return i;
  return i / (rows / static_cast<std::size_t>(conv->groups)) * columns + j;
}

// The weight with each output channel scaled, made when a kernel packs it.
GraphValue ScaledWeight(const Op& op, const GraphValue& weight, std::vector<double> scale) {
  GraphValue scaled = weight;
  const Region region = RegionOf(weight);
  const auto rows = static_cast<std::size_t>(region.dims[0]);
  const auto columns = static_cast<std::size_t>(region.dims[1]);
  const auto count = static_cast<std::size_t>(NumElements(region.dims));
  const std::size_t size = DTypeSize(weight.dtype);
  const auto make = [=, scale = std::move(scale), dtype = weight.dtype,
                     from = *weight.constant]() -> Result<Constant::Bytes> {
    FEDGE_ASSIGN_OR_RETURN(const auto held, from.constant->Hold());
    const auto out = AllocateAligned(count * size);
    CopyRegion(held.get() + from.offset, region, size, out.get());
    const std::size_t inner = count / std::max<std::size_t>(rows * columns, 1);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0, end = 0; j < columns; j = end) {
        const std::size_t channel = ChannelOf(op, rows, columns, i, j);
        while (end < columns && ChannelOf(op, rows, columns, i, end) == channel) ++end;
        Scale(dtype, scale[channel], out.get() + (i * columns + j) * inner * size,
              (end - j) * inner);
      }
    }
    return Constant::Bytes(out);
  };
  scaled.constant = {
      std::make_shared<const Constant>(count * size, make, weight.constant->constant->depth() + 1),
      0, StridesOf(region.dims, Layout::kRowMajor)};
  return scaled;
}

GraphValue BiasOf(DType dtype, const std::vector<double>& numbers) {
  const std::size_t size = DTypeSize(dtype);
  const auto bytes = AllocateAligned(numbers.size() * size);
  for (std::size_t c = 0; c < numbers.size(); ++c) {
    StoreNumber(dtype, numbers[c], bytes.get() + c * size);
  }
  const auto make = [bytes]() -> Result<Constant::Bytes> { return Constant::Bytes(bytes); };
  return {"",
          dtype,
          {static_cast<std::int64_t>(numbers.size())},
          StoredTensor{std::make_shared<const Constant>(numbers.size() * size, make), 0, {1}}};
}

bool TakesBatchNorm(const Graph& graph, const GraphNode& layer, const GraphValue& x) {
  const bool kind = std::holds_alternative<op::Conv>(layer.node.op) ||
                    (std::holds_alternative<op::Linear>(layer.node.op) && x.shape.size() == 2);
  return kind && layer.post_ops.empty() && graph.IsConstant(layer.node.inputs[1]) &&
         graph.values[layer.node.inputs[1]].constant->constant->depth() < Constant::kMaxDepth &&
         (layer.node.inputs[2] == kAbsent || graph.IsConstant(layer.node.inputs[2]));
}

void FoldInto(Graph& graph, GraphEditor& editor, std::size_t layer, std::size_t norm) {
  const GraphNode& node = graph.nodes[layer];
  const GraphValue& y = graph.values[node.node.outputs[0]];
  const auto channels = static_cast<std::size_t>(y.shape[1].base);
  const auto affine = AffineOf(graph, graph.nodes[norm].node, channels);
  auto bias = Numbers(graph, node.node.inputs[2], channels, 0);
  if (!affine.has_value() || !bias.has_value()) return;
  for (std::size_t c = 0; c < channels; ++c) {
    (*bias)[c] = (*bias)[c] * affine->scale[c] + affine->shift[c];
  }
  const GraphValue& weight = graph.values[node.node.inputs[1]];
  GraphValue scaled = ScaledWeight(node.node.op, weight, affine->scale);
  const DType dtype = weight.dtype;
  editor.MoveInto(layer, norm);
  editor.SetInput(norm, 1, editor.AddValue(std::move(scaled)));
  editor.SetInput(norm, 2, editor.AddValue(BiasOf(dtype, *bias)));
}

}  // namespace

void FoldBatchNorm(Graph& graph, Providers) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode* node = editor.Visit(i);
    if (node == nullptr || !std::holds_alternative<op::BatchNorm>(node->node.op)) continue;
    const ValueId x = node->node.inputs[0];
    const std::size_t layer = editor.producer(x);
    if (layer == GraphEditor::kNoNode || editor.uses(x) != 1 ||
        !TakesBatchNorm(graph, graph.nodes[layer], graph.values[x])) {
      continue;
    }
    FoldInto(graph, editor, layer, i);
  }
}

}  // namespace fedge::internal
