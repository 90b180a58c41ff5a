#include <cmath>

#include "fedge/program/infer_support.h"

// Integer layers.
namespace fedge::internal {
namespace {

// Products of a byte and a weight are at most 255 * 128, and so many of them fit into int32.
constexpr std::int64_t kMaxTerms = ((std::int64_t{1} << 31) - 1) / (255 * 128);

Status CheckDType(std::string_view name, const TensorType* type, DType dtype) {
  if (type == nullptr || type->dtype == dtype) return OkStatus();
  return InvalidArgument("{} is {}, but must be {}", name, DTypeName(type->dtype),
                         DTypeName(dtype));
}

Status CheckScale(std::string_view name, float scale) {
  if (std::isfinite(scale) && scale > 0) return OkStatus();
  return InvalidArgument("{} is {}, but must be finite and above 0", name, scale);
}

Status CheckZeroPoint(std::int32_t zero_point) {
  if (zero_point >= 0 && zero_point <= 255) return OkStatus();
  return InvalidArgument("zero_point is {}, but must be 0 to 255", zero_point);
}

// Of each output's sum: all dimensions of the weight but the first.
Status CheckTerms(const TensorType& weight) {
  std::int64_t terms = 1;
  for (std::size_t d = 1; d < weight.shape.size(); ++d) {
    if (!weight.shape[d].is_constant()) return InvalidArgument("weight grows with the batch");
    if (__builtin_mul_overflow(terms, weight.shape[d].base, &terms) || terms > kMaxTerms) {
      return InvalidArgument("weight is {}: sums of more than {} products may overflow",
                             ToString(weight.shape), kMaxTerms);
    }
  }
  return OkStatus();
}

// What is the same for all layers with weights; `second` and `third` name inputs 2 and 3.
Status CheckLayer(Inputs inputs, DType x, std::string_view second, std::string_view third) {
  FEDGE_RETURN_IF_ERROR(CheckDType("x", inputs[0], x));
  FEDGE_RETURN_IF_ERROR(CheckDType("weight", inputs[1], DType::kInt8));
  FEDGE_RETURN_IF_ERROR(CheckDType(second, inputs[2], DType::kFloat32));
  FEDGE_RETURN_IF_ERROR(CheckDType(third, inputs[3], DType::kFloat32));
  return CheckTerms(*inputs[1]);
}

Result<Shape> LinearOutputShape(const TensorType& x, const TensorType& weight) {
  FEDGE_RETURN_IF_ERROR(CheckRank("weight", weight, 2));
  if (x.shape.empty() || x.shape.back() != weight.shape[1]) {
    return InvalidArgument("weight is {}, but x is {}", ToString(weight.shape), ToString(x.shape));
  }
  Shape shape = x.shape;
  shape.back() = weight.shape[0];
  return shape;
}

// Bytes or float32, as declared.
Result<DType> DeclaredDType(Declared declared) {
  FEDGE_ASSIGN_OR_RETURN(const TensorType output, OnlyDeclared(declared));
  if (output.dtype == DType::kUInt8 || output.dtype == DType::kFloat32) return output.dtype;
  return InvalidArgument("the output is {}, but must be uint8 or float32", DTypeName(output.dtype));
}

Result<Types> InferQuantized(Inputs inputs, Declared declared, Result<Shape> shape) {
  FEDGE_RETURN_IF_ERROR(shape.status());
  FEDGE_RETURN_IF_ERROR(CheckLayer(inputs, DType::kUInt8, "bias", "scale"));
  FEDGE_ASSIGN_OR_RETURN(const DType dtype, DeclaredDType(declared));
  const Dim outputs = inputs[1]->shape[0];
  FEDGE_RETURN_IF_ERROR(CheckShape("bias", inputs[2], {outputs}));
  FEDGE_RETURN_IF_ERROR(CheckShape("scale", inputs[3], {outputs}));
  return Types{{dtype, *std::move(shape)}};
}

Result<Types> InferDynamic(Inputs inputs, Result<Shape> shape) {
  FEDGE_RETURN_IF_ERROR(shape.status());
  FEDGE_RETURN_IF_ERROR(CheckLayer(inputs, DType::kFloat32, "scale", "bias"));
  const Dim outputs = inputs[1]->shape[0];
  FEDGE_RETURN_IF_ERROR(CheckShape("scale", inputs[2], {outputs}));
  FEDGE_RETURN_IF_ERROR(CheckShape("bias", inputs[3], {outputs}));
  return Types{{DType::kFloat32, *std::move(shape)}};
}

}  // namespace

Result<Types> Infer(const op::Quantize& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_RETURN_IF_ERROR(CheckDType("x", inputs[0], DType::kFloat32));
  FEDGE_RETURN_IF_ERROR(CheckScale("scale", op.scale));
  FEDGE_RETURN_IF_ERROR(CheckZeroPoint(op.zero_point));
  return Types{{DType::kUInt8, inputs[0]->shape}};
}

Result<Types> Infer(const op::Dequantize& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_RETURN_IF_ERROR(CheckDType("x", inputs[0], DType::kUInt8));
  FEDGE_RETURN_IF_ERROR(CheckScale("scale", op.scale));
  FEDGE_RETURN_IF_ERROR(CheckZeroPoint(op.zero_point));
  return Types{{DType::kFloat32, inputs[0]->shape}};
}

Result<Types> Infer(const op::QuantConv& op, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight", "bias", "scale"}));
  return InferQuantized(inputs, declared, ConvOutputShape(AsConv(op), *inputs[0], *inputs[1]));
}

Result<Types> Infer(const op::QuantLinear&, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight", "bias", "scale"}));
  return InferQuantized(inputs, declared, LinearOutputShape(*inputs[0], *inputs[1]));
}

Result<Types> Infer(const op::DynamicQuantLinear&, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight", "scale", "bias?"}));
  return InferDynamic(inputs, LinearOutputShape(*inputs[0], *inputs[1]));
}

Result<Types> Infer(const op::DynamicQuantConv& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight", "scale", "bias?"}));
  return InferDynamic(inputs, ConvOutputShape(AsConv(op), *inputs[0], *inputs[1]));
}

Result<Types> Infer(const op::QuantAdd& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"a", "b"}));
  FEDGE_RETURN_IF_ERROR(CheckDType("a", inputs[0], DType::kUInt8));
  FEDGE_RETURN_IF_ERROR(CheckDType("b", inputs[1], DType::kUInt8));
  FEDGE_RETURN_IF_ERROR(CheckShape("b", inputs[1], inputs[0]->shape));
  FEDGE_RETURN_IF_ERROR(CheckScale("a_scale", op.a_scale));
  FEDGE_RETURN_IF_ERROR(CheckScale("b_scale", op.b_scale));
  if (!std::isfinite(op.offset)) {
    return InvalidArgument("offset is {}, but must be finite", op.offset);
  }
  return Types{*inputs[0]};
}

}  // namespace fedge::internal
