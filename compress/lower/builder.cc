#include "fedge/lower/builder.h"

#include <algorithm>
#include <numeric>

#include <ATen/ops/scalar_tensor.h>

#include "fedge/learn/dtypes.h"
#include "fedge/lower/refusal.h"

namespace fedge::lower {
namespace {

auto Layout(const at::Tensor& tensor) {
  return std::tuple(tensor.storage().data(), tensor.storage_offset(), tensor.scalar_type(),
                    tensor.sizes().vec(), tensor.strides().vec());
}

}  // namespace

bool ProgramBuilder::LayoutLess::operator()(const at::Tensor& a, const at::Tensor& b) const {
  return Layout(a) < Layout(b);
}

ValueId ProgramBuilder::AddValue(Value value, at::Tensor constant) {
  program_.values.push_back(std::move(value));
  constants_.push_back(std::move(constant));
  return static_cast<ValueId>(program_.values.size() - 1);
}

TensorValue ProgramBuilder::AddInput(std::string name, DType dtype, Shape shape) {
  TensorValue tensor;
  tensor.dtype = ScalarTypeOf(dtype);
  tensor.shape = shape;
  tensor.id = AddValue({.name = name, .dtype = dtype, .shape = std::move(shape)});
  program_.inputs.push_back({std::move(name), tensor.id});
  return tensor;
}

void ProgramBuilder::AddOutput(std::string name, const TensorValue& tensor) {
  program_.outputs.push_back({std::move(name), Materialize(tensor).id});
}

void ProgramBuilder::SetPlace(std::string name, std::string source) {
  name_ = std::move(name);
  source_ = std::move(source);
}

void ProgramBuilder::NameConstant(const at::Tensor& tensor, std::string name) {
  if (tensor.has_storage()) constant_names_.emplace(tensor.storage().data(), std::move(name));
}

TensorValue ProgramBuilder::Materialize(const TensorValue& tensor) {
  if (tensor.id != kAbsent) return tensor;
  if (tensor.number.has_value()) Refuse("computes with the batch's size as a number");
  if (!tensor.is_constant()) Refuse("needs a tensor that is not there");
  if (tensor.constant.layout() != c10::kStrided || !tensor.constant.device().is_cpu()) {
    Refuse("needs a constant that is not an ordinary tensor in memory");
  }
  TensorValue made = tensor;
  made.constant = at::Tensor();
  const auto known = ids_.find(tensor.constant);
  if (known != ids_.end()) {
    made.id = known->second;
    return made;
  }
  const auto name = constant_names_.find(tensor.constant.storage().data());
  made.id = AddValue({.name = name == constant_names_.end() ? "" : name->second,
                      .dtype = ToDType(tensor.dtype),
                      .shape = tensor.shape},
                     tensor.constant);
  ids_.emplace(tensor.constant, made.id);
  return made;
}

std::vector<TensorValue> ProgramBuilder::EmitAll(Op op, const std::vector<TensorValue>& inputs,
                                                 std::vector<TensorType> declared) {
  Node node{.op = std::move(op), .inputs = {}, .outputs = {}, .name = name_, .source = source_};
  std::vector<TensorType> types(inputs.size());
  std::vector<const TensorType*> present(inputs.size(), nullptr);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool absent = inputs[i].id == kAbsent && !inputs[i].is_constant() && !inputs[i].number;
    node.inputs.push_back(absent ? kAbsent : Materialize(inputs[i]).id);
    if (absent) continue;
    types[i] = {ToDType(inputs[i].dtype), inputs[i].shape};
    present[i] = &types[i];
  }
  const auto inferred = InferOutputs(node.op, present, declared);
  if (!inferred.ok()) Refuse("{}", inferred.status().message());
  std::vector<TensorValue> outputs;
  for (const TensorType& type : *inferred) {
    TensorValue output;
    output.dtype = ScalarTypeOf(type.dtype);
    output.shape = type.shape;
    output.id = AddValue({.name = "", .dtype = type.dtype, .shape = type.shape});
    node.outputs.push_back(output.id);
    outputs.push_back(std::move(output));
  }
  program_.nodes.push_back(std::move(node));
  return outputs;
}

TensorValue ProgramBuilder::Emit(Op op, const std::vector<TensorValue>& inputs) {
  return EmitAll(std::move(op), inputs).front();
}

TensorValue ProgramBuilder::Emit(Op op, const std::vector<TensorValue>& inputs,
                                 TensorType declared) {
  return EmitAll(std::move(op), inputs, {std::move(declared)}).front();
}

TensorValue ProgramBuilder::Cast(const TensorValue& x, c10::ScalarType dtype) {
  if (x.dtype == dtype) return x;
  const bool stored_half = x.dtype == c10::kHalf || x.dtype == c10::kBFloat16;
  if (x.is_constant() && !stored_half) return ConstantTensor(x.constant.to(dtype));
  return Emit(op::Cast{}, {x}, {ToDType(dtype), x.shape});
}

TensorValue ProgramBuilder::Reshape(const TensorValue& x, Shape shape) {
  if (x.shape == shape) return x;
  return Emit(op::Reshape{}, {x}, {ToDType(x.dtype), std::move(shape)});
}

TensorValue ProgramBuilder::Expand(const TensorValue& x, Shape shape) {
  if (x.shape == shape) return x;
  return Emit(op::Expand{}, {x}, {ToDType(x.dtype), std::move(shape)});
}

TensorValue ProgramBuilder::Permute(const TensorValue& x, std::vector<std::int64_t> order) {
  if (std::ranges::is_sorted(order)) return x;
  return Emit(op::Permute{std::move(order)}, {x});
}

TensorValue ProgramBuilder::Slice(const TensorValue& x, std::int64_t dim, std::int64_t start,
                                  Dim size, std::int64_t step) {
  const auto index = static_cast<std::size_t>(dim);
  if (start == 0 && step == 1 && x.shape[index] == size) return x;
  Shape shape = x.shape;
  shape[index] = size;
  return Emit(op::Slice{dim, start, step}, {x}, {ToDType(x.dtype), std::move(shape)});
}

TensorValue ProgramBuilder::Concat(std::vector<TensorValue> parts, std::int64_t dim) {
  if (parts.size() == 1) return parts.front();
  return Emit(op::Concat{dim}, parts);
}

TensorValue ProgramBuilder::Unary(op::Unary::Kind kind, const TensorValue& x, double alpha,
                                  double beta) {
  return Emit(op::Unary{kind, alpha, beta}, {x});
}

TensorValue ProgramBuilder::Binary(op::Binary::Kind kind, const TensorValue& a,
                                   const TensorValue& b) {
  return Emit(op::Binary{kind}, {a, b});
}

TensorValue ProgramBuilder::Scalar(double value, c10::ScalarType dtype) {
  return ConstantTensor(at::scalar_tensor(value, at::TensorOptions().dtype(dtype)));
}

TensorValue ProgramBuilder::Fill(double value, c10::ScalarType dtype, Shape shape) {
  return Emit(op::Fill{value}, {}, {ToDType(dtype), std::move(shape)});
}

// What the input of `node`, which moves elements only, is once its output is `value`.
TensorValue ProgramBuilder::Undo(const Node& node, const TensorValue& value) {
  const ValueId id = node.inputs[0];
  TensorValue input;
  input.dtype = ScalarTypeOf(program_.values[id].dtype);
  input.shape = program_.values[id].shape;
  input.id = id;
  if (std::holds_alternative<op::Reshape>(node.op)) return Reshape(value, input.shape);
  if (const auto* permute = std::get_if<op::Permute>(&node.op)) {
    std::vector<std::int64_t> inverse(permute->order.size());
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      inverse[static_cast<std::size_t>(permute->order[i])] = static_cast<std::int64_t>(i);
    }
    return Permute(value, std::move(inverse));
  }
  const auto* slice = std::get_if<op::Slice>(&node.op);
  if (slice == nullptr || slice->step != 1) {
    Refuse(
        "writes in place into a view made by '{}'; write with an operator that returns its "
        "result instead",
        OpName(node.op));
  }
  const auto dim = static_cast<std::size_t>(slice->dim);
  const auto behind = Add(value.shape[dim], Dim(slice->start));
  const auto rest = behind ? Subtract(input.shape[dim], *behind) : std::nullopt;
  if (!rest.has_value()) Refuse("writes in place into a part whose size is not known");
  std::vector<TensorValue> parts;
  if (slice->start > 0) parts.push_back(Slice(input, slice->dim, 0, slice->start));
  parts.push_back(value);
  if (*rest != Dim(0)) {
    if (!behind->is_constant()) Refuse("writes in place into a part that grows with the batch");
    parts.push_back(Slice(input, slice->dim, behind->base, *rest));
  }
  return Concat(std::move(parts), slice->dim);
}

TensorValue ProgramBuilder::WriteThrough(const TensorValue& base, std::size_t first,
                                         const TensorValue& view, const TensorValue& value) {
  // The chain from the view back to the base.
  std::vector<Node> chain;
  ValueId id = view.id;
  for (std::size_t i = program_.nodes.size(); i-- > first && id != base.id;) {
    const Node& node = program_.nodes[i];
    if (std::ranges::find(node.outputs, id) == node.outputs.end()) continue;
    if (node.inputs.size() != 1) break;
    chain.push_back(node);
    id = node.inputs[0];
  }
  if (id != base.id) Refuse("writes in place into a view that can't be followed to its tensor");
  TensorValue now = value;
  for (const Node& node : chain) now = Undo(node, now);
  return now;
}

}  // namespace fedge::lower
