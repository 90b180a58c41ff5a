#include "fedge/engine/graph.h"

#include <algorithm>
#include <utility>

#include "fedge/common/check.h"
#include "fedge/tensor/number.h"

namespace fedge::internal {

ValueId Graph::AddValue(GraphValue value) {
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

GraphEditor::GraphEditor(Graph& graph)
    : graph_(graph),
      producers_(graph.values.size(), kNoNode),
      uses_(graph.values.size()),
      replaced_(graph.values.size()) {
  for (ValueId id = 0; id < replaced_.size(); ++id) replaced_[id] = id;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const ValueId id : graph.nodes[i].node.outputs) producers_[id] = i;
    for (const ValueId id : graph.nodes[i].node.inputs) {
      if (id != kAbsent) ++uses_[id];
    }
  }
  for (const Port& port : graph.outputs) ++uses_[port.value];
}

GraphEditor::~GraphEditor() {
  for (Port& port : graph_.outputs) port.value = Resolve(port.value);
  // Backwards, so that what only a dropped node used is dropped as well.
  for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
    GraphNode* node = Visit(i);
    if (node != nullptr && std::all_of(node->node.outputs.begin(), node->node.outputs.end(),
                                       [&](ValueId id) { return uses_[id] == 0; })) {
      Remove(i);
    }
  }
  std::vector<GraphNode> nodes;
  std::stable_sort(inserted_.begin(), inserted_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, node] : inserted_) {
    for (ValueId& id : node.inputs) id = Resolve(id);
  }
  auto inserted = inserted_.begin();
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    for (; inserted != inserted_.end() && inserted->first == i; ++inserted) {
      nodes.push_back({std::move(inserted->second), {}, false});
    }
    if (!graph_.nodes[i].dead) nodes.push_back(std::move(graph_.nodes[i]));
  }
  graph_.nodes = std::move(nodes);
}

void GraphEditor::InsertBefore(std::size_t i, Node node) {
  for (const ValueId id : node.inputs) ++uses_[id];
  inserted_.emplace_back(i, std::move(node));
}

ValueId GraphEditor::Resolve(ValueId id) {
  if (id == kAbsent) return id;
  ValueId last = id;
  while (replaced_[last] != last) last = replaced_[last];
  while (replaced_[id] != last) id = std::exchange(replaced_[id], last);
  return last;
}

GraphNode* GraphEditor::Visit(std::size_t i) {
  GraphNode& node = graph_.nodes[i];
  if (node.dead) return nullptr;
  for (ValueId& id : node.node.inputs) id = Resolve(id);
  return &node;
}

ValueId GraphEditor::AddValue(GraphValue value) {
  producers_.push_back(kNoNode);
  uses_.push_back(0);
  replaced_.push_back(static_cast<ValueId>(replaced_.size()));
  return graph_.AddValue(std::move(value));
}

void GraphEditor::Replace(ValueId from, ValueId to) {
  to = Resolve(to);
  FEDGE_CHECK(from != to);
  replaced_[from] = to;
  uses_[to] += std::exchange(uses_[from], 0);
}

void GraphEditor::SetInput(std::size_t i, std::size_t input, ValueId to) {
  ValueId& id = graph_.nodes[i].node.inputs[input];
  if (id != kAbsent) --uses_[Resolve(id)];
  if (to != kAbsent) ++uses_[to];
  id = to;
}

void GraphEditor::AddInput(std::size_t i, ValueId value) {
  graph_.nodes[i].node.inputs.push_back(value);
  ++uses_[value];
}

void GraphEditor::MoveInto(std::size_t from, std::size_t i) {
  GraphNode& node = graph_.nodes[i];
  for (const ValueId id : node.node.inputs) {
    if (id != kAbsent) --uses_[Resolve(id)];
  }
  std::vector<ValueId> outputs = std::move(node.node.outputs);
  node = std::exchange(graph_.nodes[from], GraphNode{.node = {}, .post_ops = {}, .dead = true});
  node.node.outputs = std::move(outputs);
}

void GraphEditor::Remove(std::size_t i) {
  GraphNode& node = graph_.nodes[i];
  for (const ValueId id : node.node.inputs) {
    if (id != kAbsent) --uses_[Resolve(id)];
  }
  node = {.node = {}, .post_ops = {}, .dead = true};
}

std::optional<double> ScalarOf(const Graph& graph, ValueId id) {
  if (!graph.IsConstant(id)) return std::nullopt;
  const GraphValue& value = graph.values[id];
  if (NumElements(value.shape) != Dim(1)) return std::nullopt;
  const auto bytes = value.constant->constant->Hold();
  if (!bytes.ok()) return std::nullopt;
  return LoadNumber(value.dtype, bytes->get() + value.constant->offset);
}

}  // namespace fedge::internal
