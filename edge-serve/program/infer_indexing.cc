#include "fedge/program/infer_support.h"

namespace fedge::internal {

Result<Types> Infer(const op::Gather& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "indices"}));
  const TensorType& x = *inputs[0];
  const TensorType& indices = *inputs[1];
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, x.shape.size()));
  if (indices.dtype != DType::kInt64 && indices.dtype != DType::kInt32) {
    return InvalidArgument("indices are {}, but must be int64 or int32", DTypeName(indices.dtype));
  }
  const auto at = x.shape.begin() + op.dim;
  Shape shape(x.shape.begin(), at);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), at + 1, x.shape.end());
  return Types{{x.dtype, std::move(shape)}};
}

}  // namespace fedge::internal
