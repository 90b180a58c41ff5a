#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fedge/engine/constant.h"
#include "fedge/engine/kernel.h"
#include "fedge/engine/views.h"
#include "fedge/program/infer.h"
#include "fedge/program/program.h"

namespace fedge::internal {

struct GraphValue {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;
  std::optional<StoredTensor> constant;
  Layout layout = Layout::kRowMajor;  // of what a kernel writes; views have what they have
};

struct GraphNode {
  Node node;  // inputs that post_ops add stand behind the operator's own
  std::vector<PostOp> post_ops;
  bool dead = false;
};

// A program while it is being made fast: constants are views of memory, operators take others into
// themselves. Passes walk the nodes in order and keep them in an order in which they can run.
// Thread-compatible.
struct Graph {
  std::vector<GraphValue> values;
  std::vector<GraphNode> nodes;
  std::vector<Port> inputs;
  std::vector<Port> outputs;

  ValueId AddValue(GraphValue value);
  bool IsConstant(ValueId id) const { return id != kAbsent && values[id].constant.has_value(); }
};

// Who makes and who uses each value, kept up to date through the changes that passes make.
class GraphEditor {
 public:
  static constexpr std::size_t kNoNode = static_cast<std::size_t>(-1);

  explicit GraphEditor(Graph& graph);
  // Makes what was replaced final, and drops nodes whose outputs nobody uses.
  ~GraphEditor();
  GraphEditor(const GraphEditor&) = delete;
  GraphEditor& operator=(const GraphEditor&) = delete;

  // Node i, its inputs as they are after all replacements so far; nullptr: it is gone.
  GraphNode* Visit(std::size_t i);
  // kNoNode: a graph input or a constant.
  std::size_t producer(ValueId id) const { return producers_[id]; }
  // The node that makes `id`, if its operator is an Op; nullptr otherwise.
  template <class OpType>
  const OpType* ProducedBy(ValueId id) const {
    if (id == kAbsent || producers_[id] == kNoNode) return nullptr;
    return std::get_if<OpType>(&graph_.nodes[producers_[id]].node.op);
  }
  // Uses as a node's input or a graph's output.
  std::size_t uses(ValueId id) const { return uses_[id]; }

  ValueId AddValue(GraphValue value);
  // Whoever used `from` uses `to` from now on: a value of the same type, made before its users.
  void Replace(ValueId from, ValueId to);
  // Sets one input of node i.
  void SetInput(std::size_t i, std::size_t input, ValueId to);
  void AddInput(std::size_t i, ValueId value);
  // Node i is what node `from` was, with i's output: `from`, whose only use was in node i, is gone.
  void MoveInto(std::size_t from, std::size_t i);
  // Puts a node before node i, once the editor is done.
  void InsertBefore(std::size_t i, Node node);
  // Takes node i away; its outputs must have no uses left.
  void Remove(std::size_t i);

 private:
  ValueId Resolve(ValueId id);

  Graph& graph_;
  std::vector<std::size_t> producers_;
  std::vector<std::size_t> uses_;
  std::vector<ValueId> replaced_;  // by itself, if it is not
  std::vector<std::pair<std::size_t, Node>> inserted_;
};

// The number that a constant of one element holds; nullopt if it is no such constant.
std::optional<double> ScalarOf(const Graph& graph, ValueId id);

}  // namespace fedge::internal
