#include "fedge/program/infer_support.h"

// Matrix products: linear, matmul, attention.
namespace fedge::internal {
namespace {

Shape Leading(const Shape& shape, std::size_t trailing) {
  return {shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(trailing)};
}

Status CheckMatrix(std::string_view name, const TensorType& type) {
  if (type.shape.size() >= 2) return OkStatus();
  return InvalidArgument("{} is {}, but must have at least 2 dimensions", name,
                         ToString(type.shape));
}

Status CheckMask(const TensorType* mask, const TensorType& query, const Shape& scores) {
  if (mask == nullptr) return OkStatus();
  if (mask->dtype != DType::kBool) FEDGE_RETURN_IF_ERROR(CheckSameDType("mask", *mask, query));
  if (BroadcastsTo(mask->shape, scores)) return OkStatus();
  return InvalidArgument("mask is {}, but must broadcast to {}", ToString(mask->shape),
                         ToString(scores));
}

}  // namespace

Result<Types> Infer(const op::Linear&, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight", "bias?"}));
  const TensorType& x = *inputs[0];
  const TensorType& weight = *inputs[1];
  FEDGE_RETURN_IF_ERROR(CheckFloating("x", x));
  FEDGE_RETURN_IF_ERROR(CheckSameDType("weight", weight, x));
  FEDGE_RETURN_IF_ERROR(CheckRank("weight", weight, 2));
  if (x.shape.empty() || x.shape.back() != weight.shape[1]) {
    return InvalidArgument("weight is {}, but x is {}", ToString(weight.shape), ToString(x.shape));
  }
  FEDGE_RETURN_IF_ERROR(CheckShape("bias", inputs[2], {weight.shape[0]}));
  Shape shape = x.shape;
  shape.back() = weight.shape[0];
  return Types{{x.dtype, std::move(shape)}};
}

Result<Types> Infer(const op::MatMul&, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"a", "b"}));
  const TensorType& a = *inputs[0];
  const TensorType& b = *inputs[1];
  FEDGE_RETURN_IF_ERROR(CheckNumeric("a", a));
  FEDGE_RETURN_IF_ERROR(CheckSameDType("b", b, a));
  FEDGE_RETURN_IF_ERROR(CheckMatrix("a", a));
  FEDGE_RETURN_IF_ERROR(CheckMatrix("b", b));
  if (a.shape.back() != *(b.shape.end() - 2)) {
    return InvalidArgument("a is {}, but b is {}", ToString(a.shape), ToString(b.shape));
  }
  FEDGE_ASSIGN_OR_RETURN(Shape shape, Broadcast(Leading(a.shape, 2), Leading(b.shape, 2)));
  shape.push_back(*(a.shape.end() - 2));
  shape.push_back(b.shape.back());
  return Types{{a.dtype, std::move(shape)}};
}

Result<Types> Infer(const op::Attention&, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"query", "key", "value", "mask?"}));
  const TensorType& query = *inputs[0];
  const TensorType& key = *inputs[1];
  const TensorType& value = *inputs[2];
  FEDGE_RETURN_IF_ERROR(CheckFloating("query", query));
  FEDGE_RETURN_IF_ERROR(CheckSameDType("key", key, query));
  FEDGE_RETURN_IF_ERROR(CheckSameDType("value", value, query));
  FEDGE_RETURN_IF_ERROR(CheckMatrix("query", query));
  FEDGE_RETURN_IF_ERROR(CheckMatrix("key", key));
  FEDGE_RETURN_IF_ERROR(CheckMatrix("value", value));
  const Dim& positions = *(key.shape.end() - 2);
  if (query.shape.back() != key.shape.back() || positions != *(value.shape.end() - 2)) {
    return InvalidArgument("query is {}, key {}, value {}", ToString(query.shape),
                           ToString(key.shape), ToString(value.shape));
  }
  FEDGE_ASSIGN_OR_RETURN(Shape shape, Broadcast(Leading(query.shape, 2), Leading(key.shape, 2)));
  FEDGE_ASSIGN_OR_RETURN(shape, Broadcast(shape, Leading(value.shape, 2)));
  shape.push_back(*(query.shape.end() - 2));
  shape.push_back(positions);
  FEDGE_RETURN_IF_ERROR(CheckMask(inputs[3], query, shape));
  shape.back() = value.shape.back();
  return Types{{query.dtype, std::move(shape)}};
}

}  // namespace fedge::internal
