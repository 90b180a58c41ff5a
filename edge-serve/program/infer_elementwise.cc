#include "fedge/program/infer_support.h"

namespace fedge::internal {
namespace {

bool IsLogical(op::Binary::Kind kind) {
  return kind == op::Binary::Kind::kAnd || kind == op::Binary::Kind::kOr;
}

bool IsComparison(op::Binary::Kind kind) {
  using enum op::Binary::Kind;
  return kind >= kEq && kind <= kGe;
}

// Kinds that mean the same for integers.
bool TakesIntegers(op::Unary::Kind kind) {
  using enum op::Unary::Kind;
  return kind == kRelu || kind == kRelu6 || kind == kClamp || kind == kNeg || kind == kAbs;
}

Status CheckBool(std::string_view name, const TensorType& type) {
  if (type.dtype == DType::kBool) return OkStatus();
  return InvalidArgument("{} is {}, but must be bool", name, DTypeName(type.dtype));
}

}  // namespace

Result<Types> Infer(const op::Unary& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  const TensorType& x = *inputs[0];
  if (op.kind == op::Unary::Kind::kNot) {
    FEDGE_RETURN_IF_ERROR(CheckBool("x", x));
  } else if (TakesIntegers(op.kind)) {
    FEDGE_RETURN_IF_ERROR(CheckNumeric("x", x));
  } else {
    FEDGE_RETURN_IF_ERROR(CheckFloating("x", x));
  }
  return Types{x};
}

Result<Types> Infer(const op::Binary& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"a", "b"}));
  const TensorType& a = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckSameDType("b", *inputs[1], a));
  if (IsLogical(op.kind)) {
    FEDGE_RETURN_IF_ERROR(CheckBool("a", a));
  } else if (op.kind == op::Binary::Kind::kDiv) {
    FEDGE_RETURN_IF_ERROR(CheckFloating("a", a));
  } else if (!IsComparison(op.kind)) {
    FEDGE_RETURN_IF_ERROR(CheckNumeric("a", a));
  }
  FEDGE_ASSIGN_OR_RETURN(Shape shape, Broadcast(a.shape, inputs[1]->shape));
  return Types{{IsComparison(op.kind) ? DType::kBool : a.dtype, std::move(shape)}};
}

Result<Types> Infer(const op::Where&, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"condition", "a", "b"}));
  FEDGE_RETURN_IF_ERROR(CheckBool("condition", *inputs[0]));
  FEDGE_RETURN_IF_ERROR(CheckSameDType("b", *inputs[2], *inputs[1]));
  FEDGE_ASSIGN_OR_RETURN(const Shape values, Broadcast(inputs[1]->shape, inputs[2]->shape));
  FEDGE_ASSIGN_OR_RETURN(Shape shape, Broadcast(inputs[0]->shape, values));
  return Types{{inputs[1]->dtype, std::move(shape)}};
}

Result<Types> Infer(const op::Cast&, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_ASSIGN_OR_RETURN(const TensorType output, OnlyDeclared(declared));
  return Types{{output.dtype, inputs[0]->shape}};
}

}  // namespace fedge::internal
