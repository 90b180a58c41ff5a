#include "fedge/lower/operators/support.h"

#include <algorithm>
#include <numeric>

#include <ATen/ops/empty.h>
#include <ATen/ops/result_type.h>

namespace fedge::lower {
namespace {

// Of the same dtype, and with as many dimensions as matter for promotion.
at::Tensor Proxy(const TensorValue& x) {
  const std::vector<std::int64_t> shape =
      x.shape.empty() ? std::vector<std::int64_t>{} : std::vector<std::int64_t>{0};
  at::Tensor proxy = at::empty(shape, at::TensorOptions().dtype(x.dtype));
  if (x.is_constant() && x.constant.unsafeGetTensorImpl()->is_wrapped_number()) {
    proxy.unsafeGetTensorImpl()->set_wrapped_number(true);
  }
  return proxy;
}

}  // namespace

c10::ScalarType Promote(const TensorValue& a, const TensorValue& b) {
  return at::result_type(Proxy(a), Proxy(b));
}

TensorValue Operand(const Call& call, std::string_view argument, const TensorValue& x) {
  if (call.IsTensor(argument)) return call.Tensor(argument);
  const auto* leaf = std::get_if<c10::IValue>(&call.Get(argument));
  if (leaf == nullptr || !leaf->isScalar()) {
    Refuse("computes with {} as a number", Describe(call.Get(argument)));
  }
  const c10::ScalarType dtype = at::result_type(Proxy(x), leaf->toScalar());
  TensorValue scalar = ProgramBuilder::Scalar(leaf->toScalar().toDouble(), dtype);
  scalar.constant.unsafeGetTensorImpl()->set_wrapped_number(true);
  return scalar;
}

TensorValue BinaryPromoted(const Call& call, op::Binary::Kind kind, const TensorValue& a,
                           const TensorValue& b) {
  const c10::ScalarType dtype = Promote(a, b);
  ProgramBuilder& builder = call.builder();
  return builder.Binary(kind, builder.Cast(a, dtype), builder.Cast(b, dtype));
}

TensorValue WithBatch(ProgramBuilder& builder, const TensorValue& x, std::int64_t rank) {
  if (x.rank() == rank) return x;
  if (x.rank() != rank - 1)
    Refuse("takes a tensor of {} dimensions, not {}", rank, ToString(x.shape));
  return Unsqueeze(builder, x, 0);
}

TensorValue WithoutBatch(ProgramBuilder& builder, const TensorValue& result, const TensorValue& x,
                         std::int64_t rank) {
  return x.rank() == rank ? result : Squeeze(builder, result, 0);
}

TensorValue ToFloating(ProgramBuilder& builder, const TensorValue& x) {
  return c10::isFloatingType(x.dtype) ? x : builder.Cast(x, c10::kFloat);
}

Dim Minus(const Dim& a, const Dim& b) {
  const auto difference = Subtract(a, b);
  if (!difference) Refuse("'{} - {}' is too large", ToString(a), ToString(b));
  return *difference;
}

Dim Plus(const Dim& a, const Dim& b) {
  const auto sum = Add(a, b);
  if (!sum) Refuse("'{} + {}' is too large", ToString(a), ToString(b));
  return *sum;
}

Dim Times(const Dim& a, const Dim& b) {
  const auto product = Multiply(a, b);
  if (!product) Refuse("'{} * {}' does not grow evenly with the batch", ToString(a), ToString(b));
  return *product;
}

Dim Product(const Shape& shape, std::size_t begin, std::size_t end) {
  return std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(begin),
                         shape.begin() + static_cast<std::ptrdiff_t>(end), Dim(1), Times);
}

Shape BroadcastShape(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape shape = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    Dim& size = shape[longer.size() - shorter.size() + i];
    if (size == Dim(1)) {
      size = shorter[i];
    } else if (shorter[i] != Dim(1) && shorter[i] != size) {
      Refuse("{} and {} do not broadcast", ToString(a), ToString(b));
    }
  }
  return shape;
}

TensorValue Transpose(ProgramBuilder& builder, const TensorValue& x, std::int64_t a,
                      std::int64_t b) {
  std::vector<std::int64_t> order(x.shape.size());
  std::iota(order.begin(), order.end(), 0);
  std::swap(order.at(static_cast<std::size_t>(a)), order.at(static_cast<std::size_t>(b)));
  return builder.Permute(x, std::move(order));
}

TensorValue Squeeze(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim) {
  Shape shape = x.shape;
  shape.erase(shape.begin() + dim);
  return builder.Reshape(x, std::move(shape));
}

TensorValue Unsqueeze(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim) {
  Shape shape = x.shape;
  shape.insert(shape.begin() + dim, Dim(1));
  return builder.Reshape(x, std::move(shape));
}

TensorValue EmitSoftmax(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim) {
  return builder.Emit(op::Softmax{.dim = dim, .log = false}, {x});
}

}  // namespace fedge::lower
