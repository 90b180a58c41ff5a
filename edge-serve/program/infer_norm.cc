#include "fedge/program/infer_support.h"

namespace fedge::internal {
namespace {

Status CheckOptionalDType(std::string_view name, const TensorType* type, const TensorType& x) {
  return type == nullptr ? OkStatus() : CheckSameDType(name, *type, x);
}

// x, weight?, bias? of one norm: floating, alike, weight and bias of `shape`.
Status CheckAffine(Inputs inputs, const Shape& shape) {
  FEDGE_RETURN_IF_ERROR(CheckFloating("x", *inputs[0]));
  FEDGE_RETURN_IF_ERROR(CheckOptionalDType("weight", inputs[1], *inputs[0]));
  FEDGE_RETURN_IF_ERROR(CheckOptionalDType("bias", inputs[2], *inputs[0]));
  FEDGE_RETURN_IF_ERROR(CheckShape("weight", inputs[1], shape));
  return CheckShape("bias", inputs[2], shape);
}

Status CheckHasChannels(const TensorType& x) {
  if (x.shape.size() >= 2) return OkStatus();
  return InvalidArgument("x is {}, but must be [N, C, ...]", ToString(x.shape));
}

}  // namespace

Result<Types> Infer(const op::BatchNorm&, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight?", "bias?", "mean", "variance"}));
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckHasChannels(x));
  const Shape channels = {x.shape[1]};
  FEDGE_RETURN_IF_ERROR(CheckAffine(inputs, channels));
  FEDGE_RETURN_IF_ERROR(CheckOptionalDType("mean", inputs[3], x));
  FEDGE_RETURN_IF_ERROR(CheckOptionalDType("variance", inputs[4], x));
  FEDGE_RETURN_IF_ERROR(CheckShape("mean", inputs[3], channels));
  FEDGE_RETURN_IF_ERROR(CheckShape("variance", inputs[4], channels));
  return Types{x};
}

Result<Types> Infer(const op::LayerNorm& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight?", "bias?"}));
  const TensorType& x = *inputs[0];
  if (op.num_dims < 1 || static_cast<std::uint64_t>(op.num_dims) > x.shape.size()) {
    return InvalidArgument("is over {} dimensions, but x is {}", op.num_dims, ToString(x.shape));
  }
  FEDGE_RETURN_IF_ERROR(CheckAffine(inputs, {x.shape.end() - op.num_dims, x.shape.end()}));
  return Types{x};
}

Result<Types> Infer(const op::GroupNorm& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight?", "bias?"}));
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckHasChannels(x));
  FEDGE_RETURN_IF_ERROR(CheckAttribute("groups", op.groups, 1));
  if (!DivideExactly(x.shape[1], op.groups).has_value()) {
    return InvalidArgument("x has {} channels, which are not {} groups", ToString(x.shape[1]),
                           op.groups);
  }
  FEDGE_RETURN_IF_ERROR(CheckAffine(inputs, {x.shape[1]}));
  return Types{x};
}

Result<Types> Infer(const op::Softmax& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_RETURN_IF_ERROR(CheckFloating("x", *inputs[0]));
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, inputs[0]->shape.size()));
  return Types{*inputs[0]};
}

}  // namespace fedge::internal
