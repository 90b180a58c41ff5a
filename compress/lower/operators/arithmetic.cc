#include <cmath>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Binary::Kind;

struct Operands {
  TensorValue a;
  TensorValue b;
};

// Either may be a number.
Operands Both(const Call& call, std::string_view first = "self",
              std::string_view second = "other") {
  if (call.IsTensor(first)) {
    const TensorValue a = call.Tensor(first);
    return {a, Operand(call, second, a)};
  }
  const TensorValue b = call.Tensor(second);
  return {Operand(call, first, b), b};
}

template <Kind kind>
Outputs Plain(const Call& call) {
  const auto [a, b] = Both(call);
  return BinaryPromoted(call, kind, a, b);
}

// a + alpha * b
TensorValue Scaled(const Call& call, const TensorValue& x) {
  const double alpha = call.Number("alpha", 1);
  if (alpha == 1) return x;
  return call.builder().Binary(Kind::kMul, x, ProgramBuilder::Scalar(alpha, x.dtype));
}

template <Kind kind>
Outputs WithAlpha(const Call& call) {
  const auto [a, b] = Both(call);
  return BinaryPromoted(call, kind, a, Scaled(call, b));
}

Outputs ReverseSub(const Call& call) {
  const auto [a, b] = Both(call);
  return BinaryPromoted(call, Kind::kSub, b, Scaled(call, a));
}

bool IsPowerOfTwo(const TensorValue& x) {
  if (!x.is_constant() || !x.shape.empty()) return false;
  int exponent = 0;
  return std::abs(std::frexp(x.constant.item().toDouble(), &exponent)) == 0.5;
}

Outputs Divide(const Call& call) {
  const auto [a, b] = Both(call);
  ProgramBuilder& builder = call.builder();
  const bool floor = call.name().starts_with("aten::floor_divide") ||
                     (call.Has("rounding_mode") && call.String("rounding_mode") == "floor");
  if (call.Has("rounding_mode") && !floor) Refuse("divides rounding towards zero");
  c10::ScalarType dtype = Promote(a, b);
  if (floor && !c10::isFloatingType(dtype)) Refuse("divides integers");
  // LibTorch goes by the remainder, which is not the quotient rounded down: 1 // 0.1 is 9.
  if (floor && !IsPowerOfTwo(b))
    Refuse("rounds a quotient down, which is exact only for a divisor that is a power of two");
  if (!c10::isFloatingType(dtype)) dtype = c10::kFloat;
  const TensorValue quotient =
      builder.Binary(Kind::kDiv, builder.Cast(a, dtype), builder.Cast(b, dtype));
  return floor ? builder.Unary(op::Unary::Kind::kFloor, quotient) : quotient;
}

// x ** 2 and x ** 0.5 as LibTorch computes them.
Outputs Power(const Call& call) {
  const auto [a, b] = Both(call, "self", "exponent");
  ProgramBuilder& builder = call.builder();
  if (b.is_constant() && b.shape.empty() && c10::isFloatingType(a.dtype)) {
    const double exponent = b.constant.item().toDouble();
    if (exponent == 1) return a;
    if (exponent == 2) return builder.Binary(Kind::kMul, a, a);
    if (exponent == 3) return builder.Binary(Kind::kMul, builder.Binary(Kind::kMul, a, a), a);
    if (exponent == 0.5) return builder.Unary(op::Unary::Kind::kSqrt, a);
    if (exponent == -0.5) return builder.Unary(op::Unary::Kind::kRsqrt, a);
    if (exponent == -1) return builder.Unary(op::Unary::Kind::kReciprocal, a);
  }
  return BinaryPromoted(call, Kind::kPow, a, b);
}

template <Kind kind>
Outputs Logical(const Call& call) {
  const auto [a, b] = Both(call);
  const bool bools = a.dtype == c10::kBool && b.dtype == c10::kBool;
  if (!bools && call.name().find("logical") == std::string::npos) Refuse("combines bits");
  ProgramBuilder& builder = call.builder();
  return builder.Binary(kind, builder.Cast(a, c10::kBool), builder.Cast(b, c10::kBool));
}

TensorValue EmitWhere(const Call& call, const TensorValue& condition, const TensorValue& a,
                      const TensorValue& b) {
  const c10::ScalarType dtype = Promote(a, b);
  ProgramBuilder& builder = call.builder();
  return builder.Emit(op::Where{}, {builder.Cast(condition, c10::kBool), builder.Cast(a, dtype),
                                    builder.Cast(b, dtype)});
}

Outputs Where(const Call& call) {
  if (!call.Knows("self")) Refuse("the places where a condition holds depend on the data");
  if (!call.IsTensor("self") && !call.IsTensor("other")) {
    const TensorValue a = Operand(call, "self", TensorValue());
    return EmitWhere(call, call.Tensor("condition"), a, Operand(call, "other", a));
  }
  const auto [a, b] = Both(call);
  return EmitWhere(call, call.Tensor("condition"), a, b);
}

Outputs MaskedFill(const Call& call) {
  const TensorValue x = call.Tensor("self");
  ProgramBuilder& builder = call.builder();
  const TensorValue value = builder.Cast(Operand(call, "value", x), x.dtype);
  return builder.Emit(op::Where{}, {builder.Cast(call.Tensor("mask"), c10::kBool), value, x});
}

// self + value * a * b, or a / b.
template <Kind kind>
Outputs AddProduct(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  TensorValue product = BinaryPromoted(call, kind, call.Tensor("tensor1"), call.Tensor("tensor2"));
  const double value = call.Number("value", 1);
  if (value != 1) {
    product = builder.Binary(Kind::kMul, product, ProgramBuilder::Scalar(value, product.dtype));
  }
  return BinaryPromoted(call, Kind::kAdd, x, product);
}

}  // namespace

void AddArithmetic(OperatorTable& table) {
  table.Add({"add"}, WithAlpha<Kind::kAdd>);
  table.Add({"sub", "subtract"}, WithAlpha<Kind::kSub>);
  table.Add({"rsub"}, ReverseSub);
  table.Add({"mul", "multiply"}, Plain<Kind::kMul>);
  table.Add({"div", "divide", "true_divide", "floor_divide"}, Divide);
  table.Add({"minimum"}, Plain<Kind::kMin>);
  table.Add({"maximum"}, Plain<Kind::kMax>);
  table.Add({"pow"}, Power);
  table.Add({"eq"}, Plain<Kind::kEq>);
  table.Add({"ne", "not_equal"}, Plain<Kind::kNe>);
  table.Add({"lt", "less"}, Plain<Kind::kLt>);
  table.Add({"le", "less_equal"}, Plain<Kind::kLe>);
  table.Add({"gt", "greater"}, Plain<Kind::kGt>);
  table.Add({"ge", "greater_equal"}, Plain<Kind::kGe>);
  table.Add({"logical_and", "bitwise_and", "__and__", "__iand__"}, Logical<Kind::kAnd>);
  table.Add({"logical_or", "bitwise_or", "__or__", "__ior__"}, Logical<Kind::kOr>);
  table.Add({"where"}, Where);
  table.Add({"masked_fill"}, MaskedFill);
  table.Add({"addcmul"}, AddProduct<Kind::kMul>);
  table.Add({"addcdiv"}, AddProduct<Kind::kDiv>);
}

}  // namespace fedge::lower
