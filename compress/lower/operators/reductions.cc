#include <limits>
#include <numeric>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Reduce::Kind;

std::vector<std::int64_t> AllAxes(const TensorValue& x) {
  std::vector<std::int64_t> axes(x.shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

std::vector<std::int64_t> Axes(const Call& call, const TensorValue& x) {
  const bool given = call.Knows("dim") && call.Has("dim") && !call.Sizes("dim").empty();
  return given ? call.Axes("dim", x.rank()) : AllAxes(x);
}

TensorValue EmitReduce(const Call& call, Kind kind, const TensorValue& x) {
  const bool keep = call.Knows("keepdim") && call.Bool("keepdim");
  if (x.shape.empty()) return x;
  return call.builder().Emit(op::Reduce{.kind = kind, .dims = Axes(call, x), .keep_dims = keep},
                             {x});
}

// Sums of integers are int64; `dtype` says otherwise.
template <Kind kind>
Outputs Accumulate(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const bool integral = c10::isIntegralType(x.dtype, /*includeBool=*/true);
  const c10::ScalarType dtype =
      call.Knows("dtype") ? call.DTypeOr(integral ? c10::kLong : x.dtype) : x.dtype;
  return EmitReduce(call, kind, call.builder().Cast(x, dtype));
}

template <Kind kind>
Outputs Plain(const Call& call) {
  return EmitReduce(call, kind, call.Tensor("self"));
}

template <Kind kind>
Outputs OfBool(const Call& call) {
  return EmitReduce(call, kind, call.builder().Cast(call.Tensor("self"), c10::kBool));
}

// torch.max and min: of all, along a dimension with indices, or of two tensors.
template <Kind kind, op::Binary::Kind binary, bool smallest>
Outputs Extreme(const Call& call) {
  if (call.Knows("other")) {
    return BinaryPromoted(call, binary, call.Tensor("self"), call.Tensor("other"));
  }
  const TensorValue x = call.Tensor("self");
  const TensorValue values = EmitReduce(call, kind, x);
  if (!call.Knows("dim")) return values;
  const TensorValue indices = call.builder().Emit(
      op::ArgMax{call.Axis("dim", x.rank()), call.Bool("keepdim"), smallest}, {x});
  return {Outputs::Kind::kSeveral, {values, indices}};
}

template <bool smallest>
Outputs ArgExtreme(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const bool keep = call.Bool("keepdim");
  if (call.Has("dim")) {
    return builder.Emit(op::ArgMax{call.Axis("dim", x.rank()), keep, smallest}, {x});
  }
  const TensorValue flat = builder.Reshape(x, {Product(x.shape, 0, x.shape.size())});
  const TensorValue index = builder.Emit(op::ArgMax{0, false, smallest}, {flat});
  return keep ? builder.Reshape(index, Shape(x.shape.size(), Dim(1))) : index;
}

Outputs Norm(const Call& call) {
  const TensorValue x = ToFloating(call.builder(), call.Tensor("self"));
  const char* order = call.Knows("ord") ? "ord" : "p";
  const double p = call.Knows(order) ? call.Number(order, 2) : 2;
  if (call.Has("dtype"))
    return EmitReduce(call, Kind::kNorm2, call.builder().Cast(x, call.DTypeOr(x.dtype)));
  if (p == 2) return EmitReduce(call, Kind::kNorm2, x);
  if (p == 1) return EmitReduce(call, Kind::kNorm1, x);
  if (p == std::numeric_limits<double>::infinity()) {
    return EmitReduce(call, Kind::kMax, call.builder().Unary(op::Unary::Kind::kAbs, x));
  }
  Refuse("is a norm of order {}; 1, 2 and infinity are supported", p);
}

// Sum of squared distances from the mean, divided by n - correction.
TensorValue EmitVariance(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  double correction = 1;
  if (call.Knows("correction")) correction = call.Number("correction", 1);
  if (call.Knows("unbiased")) correction = call.Bool("unbiased") ? 1 : 0;
  const std::vector<std::int64_t> axes = Axes(call, x);
  Dim count(1);
  for (const std::int64_t axis : axes)
    count = Times(count, x.shape[static_cast<std::size_t>(axis)]);
  if (!count.is_constant()) Refuse("is a variance over the batch");
  const double divisor = static_cast<double>(count.base) - correction;
  if (divisor <= 0) Refuse("is a variance of {} elements", count.base);
  const TensorValue mean = builder.Emit(op::Reduce{Kind::kMean, axes, true}, {x});
  const TensorValue off = builder.Binary(op::Binary::Kind::kSub, x, mean);
  const TensorValue sum =
      EmitReduce(call, Kind::kSum, builder.Binary(op::Binary::Kind::kMul, off, off));
  return builder.Binary(op::Binary::Kind::kDiv, sum, ProgramBuilder::Scalar(divisor, x.dtype));
}

Outputs Variance(const Call& call) { return EmitVariance(call); }

Outputs Deviation(const Call& call) {
  return call.builder().Unary(op::Unary::Kind::kSqrt, EmitVariance(call));
}

// max + log(sum(exp(x - max)))
Outputs LogSumExp(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("self");
  const TensorValue most = builder.Emit(op::Reduce{Kind::kMax, Axes(call, x), true}, {x});
  const TensorValue off = builder.Binary(op::Binary::Kind::kSub, x, most);
  const TensorValue sum = EmitReduce(call, Kind::kSum, builder.Unary(op::Unary::Kind::kExp, off));
  return builder.Binary(op::Binary::Kind::kAdd, builder.Unary(op::Unary::Kind::kLog, sum),
                        builder.Reshape(most, sum.shape));
}

Outputs TopK(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (!call.Bool("sorted")) Refuse("gives no order of its own; ask for sorted=True");
  return {Outputs::Kind::kSeveral,
          call.builder().EmitAll(
              op::TopK{call.Int("k"), call.Axis("dim", x.rank()), call.Bool("largest")}, {x})};
}

Outputs Sort(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  if (!size.is_constant()) Refuse("sorts along the batch");
  std::vector<TensorValue> both =
      call.builder().EmitAll(op::TopK{size.base, dim, call.Bool("descending")}, {x});
  if (call.name() == "aten::argsort") return both.at(1);
  return {Outputs::Kind::kSeveral, std::move(both)};
}

Outputs CumSum(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const bool integral = c10::isIntegralType(x.dtype, /*includeBool=*/true);
  const TensorValue cast = call.builder().Cast(x, call.DTypeOr(integral ? c10::kLong : x.dtype));
  return call.builder().Emit(op::CumSum{call.Axis("dim", x.rank())}, {cast});
}

}  // namespace

void AddReductions(OperatorTable& table) {
  table.Add({"sum"}, Accumulate<Kind::kSum>);
  table.Add({"prod"}, Accumulate<Kind::kProd>);
  table.Add({"mean"}, Accumulate<Kind::kMean>);
  table.Add({"amax"}, Plain<Kind::kMax>);
  table.Add({"amin"}, Plain<Kind::kMin>);
  table.Add({"any"}, OfBool<Kind::kAny>);
  table.Add({"all"}, OfBool<Kind::kAll>);
  table.Add({"max"}, Extreme<Kind::kMax, op::Binary::Kind::kMax, false>);
  table.Add({"min"}, Extreme<Kind::kMin, op::Binary::Kind::kMin, true>);
  table.Add({"argmax"}, ArgExtreme<false>);
  table.Add({"argmin"}, ArgExtreme<true>);
  table.Add({"norm", "linalg_vector_norm", "frobenius_norm"}, Norm);
  table.Add({"var"}, Variance);
  table.Add({"std"}, Deviation);
  table.Add({"logsumexp"}, LogSumExp);
  table.Add({"topk"}, TopK);
  table.Add({"sort", "argsort"}, Sort);
  table.Add({"cumsum"}, CumSum);
}

}  // namespace fedge::lower
