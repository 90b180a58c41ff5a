#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/program/dim.h"
#include "fedge/program/ops.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

using ValueId = std::uint32_t;
inline constexpr ValueId kAbsent = 0xffffffff;  // an optional input that is not there

// Where a constant's elements lie in the archive that carries the program: a view of one record's
// bytes, never a copy of a tensor that the file has anyway.
struct ConstantRef {
  std::string record;             // "data/3", or "extra/fedge/constants.bin"
  std::uint64_t byte_offset = 0;  // of the first element
  Dims strides;                   // in elements, one per dimension
  friend bool operator==(const ConstantRef&, const ConstantRef&) = default;
};

// A tensor that a node makes, that is given, or that is stored.
struct Value {
  std::string name;  // of a constant: the module's "features.0.weight"; else may be empty
  DType dtype = DType::kFloat32;
  Shape shape;
  std::optional<ConstantRef> constant = {};  // its shape does not depend on the batch
  friend bool operator==(const Value&, const Value&) = default;
};

struct Node {
  Op op;
  std::vector<ValueId> inputs;  // kAbsent where an optional one is absent
  std::vector<ValueId> outputs;
  std::string name;    // the module's path: "layer1.0.conv1"; may be empty
  std::string source;  // where in the model's code it stands: "net.py:12"; may be empty
  friend bool operator==(const Node&, const Node&) = default;
};

struct Port {
  std::string name;  // "x", "logits"
  ValueId value = kAbsent;
  friend bool operator==(const Port&, const Port&) = default;
};

// A network as a list of operators in an order in which they can run. Every value is made once, by
// one node, or is an input or a constant. Plain data: Validate says whether it makes sense.
struct Program {
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<Port> inputs;   // in the order of forward's arguments
  std::vector<Port> outputs;  // tuples and dictionaries flattened
  friend bool operator==(const Program&, const Program&) = default;
};

// Whether the program can run: ids, order, arity, that every output's dtype and shape are what
// InferOutputs says, no size negative at any batch from 1 to kMaxBatch, no tensor of more than
// kMaxRank dimensions or larger than kMaxElements at a batch of 1. Linear in its size.
// kInvalidArgument names the node and the value.
Status Validate(const Program& program);

inline constexpr std::int64_t kMaxBatch = 1 << 16;
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;

}  // namespace fedge
