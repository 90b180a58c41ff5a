#include <limits>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Unary::Kind;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <Kind kind>
Outputs Plain(const Call& call) {
  return call.builder().Unary(kind, call.Tensor("self"));
}

// Of operators that turn integers into floating point.
template <Kind kind>
Outputs Floating(const Call& call) {
  return call.builder().Unary(kind, ToFloating(call.builder(), call.Tensor("self")));
}

template <Kind kind>
Outputs IntegersUnchanged(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (call.Has("decimals")) Refuse("rounds to decimals");
  return c10::isFloatingType(x.dtype) ? call.builder().Unary(kind, x) : x;
}

Outputs Ceil(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  if (!c10::isFloatingType(x.dtype)) return x;
  return builder.Unary(Kind::kNeg, builder.Unary(Kind::kFloor, builder.Unary(Kind::kNeg, x)));
}

Outputs Gelu(const Call& call) {
  const bool tanh = call.Has("approximate") && call.String("approximate") == "tanh";
  return call.builder().Unary(tanh ? Kind::kGeluTanh : Kind::kGelu, call.Tensor("self"));
}

Outputs LeakyRelu(const Call& call) {
  return call.builder().Unary(Kind::kLeakyRelu, call.Tensor("self"),
                              call.Number("negative_slope", 0.01));
}

TensorValue Scaled(ProgramBuilder& builder, const TensorValue& x, double scale) {
  if (scale == 1) return x;
  return builder.Binary(op::Binary::Kind::kMul, x, ProgramBuilder::Scalar(scale, x.dtype));
}

// scale * (max(0, x) + min(0, alpha * (exp(x * input_scale) - 1)))
TensorValue EmitElu(const Call& call, double alpha, double scale, double input_scale) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  if (input_scale == 1) return Scaled(builder, builder.Unary(Kind::kElu, x, alpha), scale);
  const TensorValue below =
      Scaled(builder, builder.Unary(Kind::kClamp, x, -kInfinity, 0), input_scale);
  const TensorValue y = builder.Binary(op::Binary::Kind::kAdd, builder.Unary(Kind::kRelu, x),
                                       builder.Unary(Kind::kElu, below, alpha));
  return Scaled(builder, y, scale);
}

Outputs Elu(const Call& call) {
  return EmitElu(call, call.Number("alpha", 1), call.Number("scale", 1),
                 call.Number("input_scale", 1));
}

Outputs Selu(const Call& call) {
  return EmitElu(call, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1);
}

Outputs Celu(const Call& call) {
  const double alpha = call.Number("alpha", 1);
  return EmitElu(call, alpha, 1, 1 / alpha);
}

Outputs Softplus(const Call& call) {
  return call.builder().Unary(Kind::kSoftplus, call.Tensor("self"), call.Number("beta", 1),
                              call.Number("threshold", 20));
}

Outputs Clamp(const Call& call) {
  const TensorValue x = call.Tensor("self");
  for (const char* bound : {"min", "max"}) {
    if (!call.Has(bound) || !call.IsTensor(bound)) continue;
    const TensorValue limit = call.Tensor(bound);
    if (!limit.is_constant() || limit.constant.numel() != 1) Refuse("'{}' is a tensor", bound);
  }
  return call.builder().Unary(Kind::kClamp, x, call.Number("min", -kInfinity),
                              call.Number("max", kInfinity));
}

Outputs HardTanh(const Call& call) {
  return call.builder().Unary(Kind::kClamp, call.Tensor("self"), call.Number("min_val", -1),
                              call.Number("max_val", 1));
}

// x where x > threshold, else value.
Outputs Threshold(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const TensorValue above = builder.Binary(
      op::Binary::Kind::kGt, x, ProgramBuilder::Scalar(call.Number("threshold"), x.dtype));
  return builder.Emit(op::Where{},
                      {above, x, ProgramBuilder::Scalar(call.Number("value"), x.dtype)});
}

Outputs Mish(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const TensorValue soft = builder.Unary(Kind::kSoftplus, x, 1, 20);
  return builder.Binary(op::Binary::Kind::kMul, x, builder.Unary(Kind::kTanh, soft));
}

// min(0, x) - log1p(exp(-|x|)) = -softplus(-x)
Outputs LogSigmoid(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue negative = builder.Unary(Kind::kNeg, call.Tensor("self"));
  return builder.Unary(Kind::kNeg, builder.Unary(Kind::kSoftplus, negative, 1, 20));
}

// max(0, x) + weight * min(0, x), a weight for each channel.
Outputs PRelu(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  TensorValue weight = call.Tensor("weight");
  if (x.rank() > 1) {
    Shape shape(x.shape.size(), Dim(1));
    shape[1] = weight.shape.empty() ? Dim(1) : weight.shape[0];
    weight = builder.Reshape(weight, shape);
  }
  const TensorValue below = builder.Unary(Kind::kClamp, x, -kInfinity, 0);
  return builder.Binary(op::Binary::Kind::kAdd, builder.Unary(Kind::kRelu, x),
                        builder.Binary(op::Binary::Kind::kMul, weight, below));
}

// The first half times the sigmoid of the second.
Outputs Glu(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  if (!size.is_constant() || size.base % 2 != 0) Refuse("halves a size of {}", ToString(size));
  const Dim half(size.base / 2);
  return builder.Binary(op::Binary::Kind::kMul, builder.Slice(x, dim, 0, half),
                        builder.Unary(Kind::kSigmoid, builder.Slice(x, dim, half.base, half)));
}

Outputs Square(const Call& call) {
  const TensorValue x = call.Tensor("self");
  return call.builder().Binary(op::Binary::Kind::kMul, x, x);
}

Outputs Not(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (x.dtype != c10::kBool && call.name() == "aten::bitwise_not") Refuse("inverts bits");
  return call.builder().Unary(Kind::kNot, call.builder().Cast(x, c10::kBool));
}

}  // namespace

void AddActivations(OperatorTable& table) {
  table.Add({"relu"}, Plain<Kind::kRelu>);
  table.Add({"relu6"}, Plain<Kind::kRelu6>);
  table.Add({"hardswish"}, Plain<Kind::kHardswish>);
  table.Add({"hardsigmoid"}, Plain<Kind::kHardsigmoid>);
  table.Add({"silu"}, Plain<Kind::kSilu>);
  table.Add({"neg", "negative"}, Plain<Kind::kNeg>);
  table.Add({"abs", "absolute"}, Plain<Kind::kAbs>);
  table.Add({"sigmoid", "special_expit"}, Floating<Kind::kSigmoid>);
  table.Add({"tanh"}, Floating<Kind::kTanh>);
  table.Add({"exp"}, Floating<Kind::kExp>);
  table.Add({"log"}, Floating<Kind::kLog>);
  table.Add({"sqrt"}, Floating<Kind::kSqrt>);
  table.Add({"rsqrt"}, Floating<Kind::kRsqrt>);
  table.Add({"reciprocal"}, Floating<Kind::kReciprocal>);
  table.Add({"erf"}, Floating<Kind::kErf>);
  table.Add({"floor"}, IntegersUnchanged<Kind::kFloor>);
  table.Add({"round"}, IntegersUnchanged<Kind::kRound>);
  table.Add({"ceil"}, Ceil);
  table.Add({"gelu"}, Gelu);
  table.Add({"leaky_relu"}, LeakyRelu);
  table.Add({"elu"}, Elu);
  table.Add({"celu"}, Celu);
  table.Add({"selu"}, Selu);
  table.Add({"softplus"}, Softplus);
  table.Add({"clamp", "clip", "clamp_min", "clamp_max"}, Clamp);
  table.Add({"hardtanh"}, HardTanh);
  table.Add({"threshold"}, Threshold);
  table.Add({"mish"}, Mish);
  table.Add({"log_sigmoid"}, LogSigmoid);
  table.Add({"prelu", "_prelu_kernel"}, PRelu);
  table.Add({"glu"}, Glu);
  table.Add({"square"}, Square);
  table.Add({"logical_not", "bitwise_not"}, Not);
}

}  // namespace fedge::lower
