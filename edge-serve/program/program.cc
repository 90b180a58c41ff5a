#include "fedge/program/program.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>

#include "fedge/program/infer.h"

namespace fedge {
namespace {

// Sizes beyond these are refused before anything is computed with them.
constexpr std::int64_t kMaxSize = std::int64_t{1} << 40;

// As it may stand in a message.
std::string Bounded(std::string_view name) {
  std::string text(name.substr(0, 80));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string ValueText(const Program& program, ValueId id) {
  const std::string& name = program.values[id].name;
  return name.empty() ? fmt::format("value {}", id)
                      : fmt::format("value {} '{}'", id, Bounded(name));
}

Status CheckSizes(const Shape& shape) {
  if (shape.size() > kMaxRank) {
    return InvalidArgument("has {} dimensions; {} are possible", shape.size(), kMaxRank);
  }
  std::int64_t elements = 1;
  for (const Dim& dim : shape) {
    if (dim.base < -kMaxSize || dim.base > kMaxSize || dim.per_batch < -kMaxSize ||
        dim.per_batch > kMaxSize) {
      return InvalidArgument("is {}: too large", ToString(shape));
    }
    // Linear in the batch: right at both ends is right between them.
    if (dim.At(1) < 0 || dim.At(kMaxBatch) < 0) {
      return InvalidArgument("is {}: negative at some batch", ToString(shape));
    }
    if (__builtin_mul_overflow(elements, std::max<std::int64_t>(dim.At(1), 1), &elements) ||
        elements > kMaxElements) {
      return InvalidArgument("is {}: more than {} elements", ToString(shape), kMaxElements);
    }
  }
  return OkStatus();
}

Status CheckConstant(const Value& value) {
  if (!std::all_of(value.shape.begin(), value.shape.end(),
                   [](const Dim& dim) { return dim.is_constant(); })) {
    return InvalidArgument("is a constant, but its shape {} depends on the batch",
                           ToString(value.shape));
  }
  if (value.constant->strides.size() != value.shape.size()) {
    return InvalidArgument("has {} strides, but {} dimensions", value.constant->strides.size(),
                           value.shape.size());
  }
  for (const std::int64_t stride : value.constant->strides) {
    if (stride < 0 || stride > kMaxSize) return InvalidArgument("has a stride of {}", stride);
  }
  return OkStatus();
}

Status CheckValues(const Program& program) {
  for (ValueId id = 0; id < program.values.size(); ++id) {
    const Value& value = program.values[id];
    Status status = CheckSizes(value.shape);
    if (status.ok() && value.constant.has_value()) status = CheckConstant(value);
    if (!status.ok()) return status.WithContext(ValueText(program, id));
  }
  return OkStatus();
}

// Walks the nodes in order and keeps what has a value by then.
class Walk {
 public:
  explicit Walk(const Program& program) : program_(program), made_(program.values.size()) {
    types_.reserve(program.values.size());
    for (const Value& value : program.values) types_.push_back({value.dtype, value.shape});
  }

  Status Check() {
    for (ValueId id = 0; id < made_.size(); ++id) {
      made_[id] = program_.values[id].constant.has_value();
    }
    std::set<std::string_view> names;
    for (const Port& input : program_.inputs) {
      FEDGE_RETURN_IF_ERROR(CheckPort("input", input, names));
      FEDGE_RETURN_IF_ERROR(Make(input.value).WithContext("input"));
    }
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const Status status = CheckNode(program_.nodes[i]);
      if (!status.ok()) return status.WithContext(NodeText(i));
    }
    names.clear();
    for (const Port& output : program_.outputs) {
      FEDGE_RETURN_IF_ERROR(CheckPort("output", output, names));
      FEDGE_RETURN_IF_ERROR(CheckMade(output.value).WithContext("output"));
    }
    return OkStatus();
  }

 private:
  std::string NodeText(std::size_t i) const {
    const Node& node = program_.nodes[i];
    std::string text = fmt::format("node {} ({}", i, OpName(node.op));
    if (!node.name.empty()) text += fmt::format(" '{}'", Bounded(node.name));
    if (!node.source.empty()) text += fmt::format(" at {}", Bounded(node.source));
    return text + ")";
  }

  Status CheckId(ValueId id) const {
    if (id < program_.values.size()) return OkStatus();
    return InvalidArgument("names value {}, but there are {}", id, program_.values.size());
  }

  Status CheckPort(std::string_view kind, const Port& port, std::set<std::string_view>& names) {
    FEDGE_RETURN_IF_ERROR(CheckId(port.value).WithContext(kind));
    if (names.insert(port.name).second) return OkStatus();
    return InvalidArgument("two {}s are called '{}'", kind, Bounded(port.name));
  }

  Status Make(ValueId id) {
    if (made_[id]) return InvalidArgument("{} is made twice", ValueText(program_, id));
    made_[id] = true;
    return OkStatus();
  }

  Status CheckMade(ValueId id) const {
    if (made_[id]) return OkStatus();
    return InvalidArgument("{} is used before it is made", ValueText(program_, id));
  }

  Status CheckNode(const Node& node) {
    std::vector<const TensorType*> inputs;
    for (const ValueId id : node.inputs) {
      if (id == kAbsent) {
        inputs.push_back(nullptr);
        continue;
      }
      FEDGE_RETURN_IF_ERROR(CheckId(id));
      FEDGE_RETURN_IF_ERROR(CheckMade(id));
      inputs.push_back(&types_[id]);
    }
    std::vector<TensorType> declared;
    for (const ValueId id : node.outputs) {
      FEDGE_RETURN_IF_ERROR(CheckId(id));
      FEDGE_RETURN_IF_ERROR(Make(id));
      declared.push_back(types_[id]);
    }
    FEDGE_ASSIGN_OR_RETURN(const auto inferred, InferOutputs(node.op, inputs, declared));
    return CheckOutputs(node, declared, inferred);
  }

  Status CheckOutputs(const Node& node, std::span<const TensorType> declared,
                      std::span<const TensorType> inferred) const {
    if (declared.size() != inferred.size()) {
      return InvalidArgument("declares {} outputs, but has {}", declared.size(), inferred.size());
    }
    for (std::size_t i = 0; i < declared.size(); ++i) {
      if (declared[i] == inferred[i]) continue;
      return InvalidArgument("{} is declared {} {}, but is {} {}",
                             ValueText(program_, node.outputs[i]), DTypeName(declared[i].dtype),
                             ToString(declared[i].shape), DTypeName(inferred[i].dtype),
                             ToString(inferred[i].shape));
    }
    return OkStatus();
  }

  const Program& program_;
  std::vector<TensorType> types_;
  std::vector<bool> made_;
};

}  // namespace

Status Validate(const Program& program) {
  if (program.values.size() >= kAbsent) {
    return InvalidArgument("has {} values", program.values.size());
  }
  if (program.outputs.empty()) return InvalidArgument("has no outputs");
  FEDGE_RETURN_IF_ERROR(CheckValues(program));
  return Walk(program).Check();
}

}  // namespace fedge
