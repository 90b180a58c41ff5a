#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Binary::Kind;

TensorValue Multiplied(ProgramBuilder& builder, const TensorValue& x, double factor) {
  if (factor == 1) return x;
  return builder.Binary(Kind::kMul, x, ProgramBuilder::Scalar(factor, x.dtype));
}

Outputs Linear(const Call& call) {
  return EmitLinear(call.builder(), call.Tensor("input"), call.Tensor("weight"),
                    call.OptionalTensor("bias"));
}

Outputs MatMul(const Call& call) {
  return EmitMatMul(call.builder(), call.Tensor("self"),
                    call.Tensor(call.Knows("mat2")  ? "mat2"
                                : call.Knows("vec") ? "vec"
                                                    : "other"));
}

// beta * self + alpha * (a @ b)
Outputs AddMatMul(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const bool batched = call.Knows("batch1");
  const TensorValue a = call.Tensor(batched ? "batch1" : "mat1");
  const TensorValue b = call.Tensor(batched ? "batch2" : "mat2");
  const double alpha = call.Number("alpha", 1);
  const double beta = call.Number("beta", 1);
  const TensorValue self = call.Tensor("self");
  if (alpha == 1 && beta == 1 && b.is_constant() && b.rank() == 2 && self.rank() == 1 &&
      self.shape[0] == b.shape[1]) {
    return EmitLinear(builder, a, ConstantTensor(b.constant.t()), self);
  }
  const TensorValue product = Multiplied(builder, EmitMatMul(builder, a, b), alpha);
  if (beta == 0) return product;
  return builder.Binary(Kind::kAdd, Multiplied(builder, self, beta), product);
}

}  // namespace

TensorValue EmitLinear(ProgramBuilder& builder, const TensorValue& x, const TensorValue& weight,
                       const TensorValue& bias) {
  if (weight.rank() != 2) Refuse("has a weight {}", ToString(weight.shape));
  return builder.Emit(op::Linear{}, {x, weight, bias});
}

TensorValue EmitMatMul(ProgramBuilder& builder, TensorValue a, TensorValue b) {
  if (a.rank() == 0 || b.rank() == 0) Refuse("multiplies matrices without dimensions");
  // A weight that stands as such is packed once.
  if (b.is_constant() && b.rank() == 2 && c10::isFloatingType(b.dtype)) {
    return EmitLinear(builder, a, ConstantTensor(b.constant.t()), {});
  }
  const bool row = a.rank() == 1;
  const bool column = b.rank() == 1;
  if (row) a = Unsqueeze(builder, a, 0);
  if (column) b = Unsqueeze(builder, b, 1);
  TensorValue product = builder.Emit(op::MatMul{}, {a, b});
  if (column) product = Squeeze(builder, product, product.rank() - 1);
  if (row) product = Squeeze(builder, product, product.rank() - (column ? 1 : 2));
  return product;
}

void AddLinear(OperatorTable& table) {
  table.Add({"linear"}, Linear);
  table.Add({"matmul", "mm", "bmm", "mv", "dot"}, MatMul);
  table.Add({"addmm", "baddbmm"}, AddMatMul);
}

}  // namespace fedge::lower
