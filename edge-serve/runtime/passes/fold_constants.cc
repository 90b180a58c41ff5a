#include <algorithm>
#include <map>
#include <utility>

#include "fedge/engine/aligned_buffer.h"
#include "fedge/engine/passes/pass.h"

// What depends on constants only is computed when the model is loaded.
namespace fedge::internal {
namespace {

// What is folded takes, in all, no more than this many times the memory of the constants that there
// were before, and this.
constexpr std::uint64_t kMaxGrowth = 4;
constexpr std::uint64_t kAlwaysFoldedBytes = 1 << 20;

Region RegionOf(const GraphValue& value) {
  return {0, At(value.shape, 1), value.constant->strides};
}

// From the first to the last element: a broadcast view takes no memory.
std::uint64_t ExtentBytes(const GraphValue& value) {
  std::int64_t last = 0;
  const Dims dims = At(value.shape, 1);
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0) return 0;
    last += (dims[d] - 1) * value.constant->strides[d];
  }
  return static_cast<std::uint64_t>(last + 1) * DTypeSize(value.dtype);
}

bool IsFixed(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.is_constant(); });
}

// Bytes that may be folded.
std::uint64_t BudgetOf(const Graph& graph) {
  std::map<const Constant*, std::uint64_t> extents;
  for (const GraphValue& value : graph.values) {
    if (!value.constant.has_value()) continue;
    std::uint64_t& extent = extents[value.constant->constant.get()];
    extent = std::max(extent, value.constant->offset + ExtentBytes(value));
  }
  std::uint64_t bytes = kAlwaysFoldedBytes;
  for (const auto& [constant, extent] : extents) bytes += kMaxGrowth * extent;
  return bytes;
}

// A node whose inputs are constants, to be run whenever its output is needed.
struct Folded {
  std::unique_ptr<const Kernel> kernel;
  std::vector<GraphValue> inputs;  // without constant: an absent one
  DType dtype;
  Dims dims;
  Dims strides;

  std::size_t bytes() const {
    return static_cast<std::size_t>(NumElements(dims)) * DTypeSize(dtype);
  }

  Result<Constant::Bytes> Run() const {
    std::vector<Constant::Bytes> held;
    std::vector<Dims> shapes;
    shapes.reserve(inputs.size());
    std::vector<TensorView> views;
    for (const GraphValue& input : inputs) {
      views.emplace_back();
      if (!input.constant.has_value()) continue;
      FEDGE_ASSIGN_OR_RETURN(Constant::Bytes bytes, input.constant->constant->Hold());
      // Kernels take mutable views of inputs, but do not write to them.
      views.back() = {const_cast<std::byte*>(bytes.get()) + input.constant->offset, input.dtype,
                      shapes.emplace_back(At(input.shape, 1)), input.constant->strides};
      held.push_back(std::move(bytes));
    }
    const auto out = AllocateAligned(bytes());
    const auto scratch = AllocateAligned(kernel->scratch_bytes());
    const TensorView output{out.get(), dtype, dims, strides};
    FEDGE_RETURN_IF_ERROR(
        kernel->Run({views, {&output, 1}, {scratch.get(), kernel->scratch_bytes()}}));
    return Constant::Bytes(out);
  }
};

std::unique_ptr<const Kernel> MakeKernel(const GraphNode& node, const Folded& folded,
                                         Providers providers) {
  std::vector<Dims> shapes;
  shapes.reserve(folded.inputs.size());
  std::vector<TensorView> inputs;
  for (const GraphValue& input : folded.inputs) {
    inputs.emplace_back();
    if (!input.constant.has_value()) continue;
    inputs.back() = {nullptr, input.dtype, shapes.emplace_back(At(input.shape, 1)),
                     input.constant->strides};
  }
  const TensorView output{nullptr, folded.dtype, folded.dims, folded.strides};
  const KernelRequest request{node.node, node.post_ops, inputs, {&output, 1}};
  for (const auto& provider : providers) {
    if (auto kernel = provider->Make(request)) return kernel;
  }
  return nullptr;
}

// nullopt: too large, or no kernel, or it fails: then it is left to run, and to fail, in its place.
std::optional<StoredTensor> Compute(const Graph& graph, const GraphNode& node,
                                    const GraphValue& output, Providers providers,
                                    std::uint64_t& budget) {
  auto folded = std::make_shared<Folded>();
  int depth = 1;
  for (const ValueId id : node.node.inputs) {
    folded->inputs.push_back(id == kAbsent ? GraphValue{} : graph.values[id]);
    if (id != kAbsent) {
      depth = std::max(depth, graph.values[id].constant->constant->depth() + 1);
    }
  }
  folded->dtype = output.dtype;
  folded->dims = At(output.shape, 1);
  folded->strides = StridesOf(folded->dims, Layout::kRowMajor);
  if (folded->bytes() > budget || depth > Constant::kMaxDepth) return std::nullopt;
  folded->kernel = MakeKernel(node, *folded, providers);
  if (folded->kernel == nullptr) return std::nullopt;
  auto constant = std::make_shared<const Constant>(
      folded->bytes(), [folded] { return folded->Run(); }, depth);
  if (!constant->Hold().ok()) return std::nullopt;
  budget -= folded->bytes();
  return StoredTensor{std::move(constant), 0, folded->strides};
}

std::optional<StoredTensor> Fold(const Graph& graph, const GraphNode& node,
                                 const GraphValue& output, Providers providers,
                                 std::uint64_t& budget) {
  if (!IsFixed(output.shape)) return std::nullopt;
  if (node.node.inputs.size() == 1) {
    const GraphValue& input = graph.values[node.node.inputs[0]];
    if (const auto view = ViewOf(node.node.op, RegionOf(input), At(output.shape, 1))) {
      const StoredTensor& from = *input.constant;
      return StoredTensor{
          from.constant,
          from.offset + static_cast<std::size_t>(view->offset) * DTypeSize(input.dtype),
          view->strides};
    }
  }
  return Compute(graph, node, output, providers, budget);
}

// A tensor of equal elements is a view of one element, also where its shape grows with the batch.
void FillToExpand(Graph& graph, GraphEditor& editor, std::size_t i, Providers providers,
                  std::uint64_t& budget) {
  const GraphValue& output = graph.values[graph.nodes[i].node.outputs[0]];
  GraphValue element{"", output.dtype, {}, std::nullopt};
  element.constant = Compute(graph, graph.nodes[i], element, providers, budget);
  if (!element.constant.has_value()) return;
  editor.AddInput(i, editor.AddValue(std::move(element)));
  graph.nodes[i].node.op = op::Expand{};
}

}  // namespace

void FoldConstants(Graph& graph, Providers providers) {
  std::uint64_t budget = BudgetOf(graph);
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    GraphNode* node = editor.Visit(i);
    if (node == nullptr || node->node.outputs.size() != 1) continue;
    if (std::holds_alternative<op::Fill>(node->node.op)) {
      FillToExpand(graph, editor, i, providers, budget);
    }
    const bool constant =
        !node->node.inputs.empty() &&
        std::all_of(node->node.inputs.begin(), node->node.inputs.end(),
                    [&](ValueId id) { return id == kAbsent || graph.IsConstant(id); });
    if (!constant) continue;
    const ValueId output = node->node.outputs[0];
    GraphValue folded = graph.values[output];
    folded.constant = Fold(graph, *node, folded, providers, budget);
    if (!folded.constant.has_value()) continue;
    editor.Replace(output, editor.AddValue(std::move(folded)));
    editor.Remove(i);
  }
}

}  // namespace fedge::internal
