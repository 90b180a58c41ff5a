#include <algorithm>

#include "fedge/program/infer_support.h"

// Operators that move elements without computing.
namespace fedge::internal {
namespace {

Status CheckPads(const op::Pad& op, std::size_t d, const Dim& size) {
  const bool crops = op.begin[d] < 0 || op.end[d] < 0;
  if (op.begin[d] <= -kMaxAttribute || op.begin[d] >= kMaxAttribute ||
      op.end[d] <= -kMaxAttribute || op.end[d] >= kMaxAttribute) {
    return InvalidArgument("pads are {} and {} along dim {}", op.begin[d], op.end[d], d);
  }
  if (op.mode == op::Pad::Mode::kConstant || (op.begin[d] == 0 && op.end[d] == 0)) {
    return OkStatus();
  }
  // Reflection stops before the edge's own element.
  const std::int64_t needed =
      op.mode == op::Pad::Mode::kReflect ? std::max(op.begin[d], op.end[d]) + 1 : 1;
  if (!crops && AtMost(needed, size)) return OkStatus();
  return InvalidArgument("pads are {} and {} along dim {} of size {}", op.begin[d], op.end[d], d,
                         ToString(size));
}

}  // namespace

Result<Types> Infer(const op::Concat& op, Inputs inputs, Declared) {
  if (inputs.empty() || inputs[0] == nullptr) return InvalidArgument("has no inputs");
  TensorType output = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, output.shape.size()));
  const auto dim = static_cast<std::size_t>(op.dim);
  for (const TensorType* input : inputs.subspan(1)) {
    if (input == nullptr) return InvalidArgument("an input is absent");
    FEDGE_RETURN_IF_ERROR(CheckSameDType("an input", *input, output));
    FEDGE_RETURN_IF_ERROR(CheckRank("an input", *input, output.shape.size()));
    FEDGE_ASSIGN_OR_RETURN(const Dim sum,
                           Exactly(Add(output.shape[dim], input->shape[dim]), "the output"));
    output.shape[dim] = input->shape[dim];
    FEDGE_RETURN_IF_ERROR(CheckShape("an input", input, output.shape));
    output.shape[dim] = sum;
  }
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Slice& op, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  TensorType output = *inputs[0];
  FEDGE_ASSIGN_OR_RETURN(const TensorType wanted, OnlyDeclared(declared));
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, output.shape.size()));
  FEDGE_RETURN_IF_ERROR(CheckRank("the output", wanted, output.shape.size()));
  FEDGE_RETURN_IF_ERROR(CheckAttribute("start", op.start, 0));
  FEDGE_RETURN_IF_ERROR(CheckAttribute("step", op.step, 1));
  const auto dim = static_cast<std::size_t>(op.dim);
  const Dim size = wanted.shape[dim];
  auto last = Subtract(size, 1);
  if (last) last = Multiply(*last, op.step);
  if (last) last = Add(*last, op.start + 1);
  FEDGE_ASSIGN_OR_RETURN(const Dim end, Exactly(last, "the slice"));
  if (!AtMost(0, size) || (size != Dim(0) && !AtMost(end, output.shape[dim]))) {
    return InvalidArgument("takes {} from {} on with step {}, but dim {} of x has {}",
                           ToString(size), op.start, op.step, op.dim, ToString(output.shape[dim]));
  }
  output.shape[dim] = size;
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Reshape&, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_ASSIGN_OR_RETURN(TensorType output, OnlyDeclared(declared));
  const auto before = NumElements(inputs[0]->shape);
  if (!before.has_value() || before != NumElements(output.shape)) {
    return InvalidArgument("x is {}, which can't be viewed as {}", ToString(inputs[0]->shape),
                           ToString(output.shape));
  }
  output.dtype = inputs[0]->dtype;
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Permute& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  const TensorType& x = *inputs[0];
  const std::size_t rank = x.shape.size();
  if (op.order.size() != rank) {
    return InvalidArgument("order has {} entries, but x is {}", op.order.size(), ToString(x.shape));
  }
  TensorType output = {x.dtype, {}};
  std::vector<bool> seen(rank);
  for (const std::int64_t from : op.order) {
    FEDGE_RETURN_IF_ERROR(CheckDim(from, rank));
    const auto index = static_cast<std::size_t>(from);
    if (seen[index]) return InvalidArgument("order has dimension {} twice", from);
    seen[index] = true;
    output.shape.push_back(x.shape[index]);
  }
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Expand&, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_ASSIGN_OR_RETURN(TensorType output, OnlyDeclared(declared));
  if (!BroadcastsTo(inputs[0]->shape, output.shape)) {
    return InvalidArgument("x is {}, which does not broadcast to {}", ToString(inputs[0]->shape),
                           ToString(output.shape));
  }
  output.dtype = inputs[0]->dtype;
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Fill&, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {}));
  FEDGE_ASSIGN_OR_RETURN(TensorType output, OnlyDeclared(declared));
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Pad& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  TensorType output = *inputs[0];
  const std::size_t rank = output.shape.size();
  if (op.begin.size() != rank || op.end.size() != rank) {
    return InvalidArgument("has {} and {} pads, but x is {}", op.begin.size(), op.end.size(),
                           ToString(output.shape));
  }
  for (std::size_t d = 0; d < rank; ++d) {
    FEDGE_RETURN_IF_ERROR(CheckPads(op, d, output.shape[d]));
    FEDGE_ASSIGN_OR_RETURN(const Dim size,
                           Exactly(Add(output.shape[d], op.begin[d] + op.end[d]), "the output"));
    // What is cropped was there before anything was added behind it.
    const std::int64_t cropped = std::max<std::int64_t>({-op.begin[d], -op.end[d], 0});
    if (!AtMost(0, size) || !AtMost(cropped, output.shape[d])) {
      return InvalidArgument("pads are {} and {} along dim {} of size {}", op.begin[d], op.end[d],
                             d, ToString(output.shape[d]));
    }
    output.shape[d] = size;
  }
  return Types{std::move(output)};
}

}  // namespace fedge::internal
