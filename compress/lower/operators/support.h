#pragma once

#include <vector>

#include "fedge/lower/call.h"
#include "fedge/lower/operators.h"

// What emitters of several families share.
namespace fedge::lower {

// The dtype that both are computed in, by LibTorch's own rules: a number without dimensions does
// not widen a tensor of the same category.
c10::ScalarType Promote(const TensorValue& a, const TensorValue& b);

// The argument, a tensor or a number: the latter as a constant without dimensions, of the dtype
// that it and `x` are computed in.
TensorValue Operand(const Call& call, std::string_view argument, const TensorValue& x);

// a and b in the dtype that both promote to, `integers_too` or in floating point.
TensorValue BinaryPromoted(const Call& call, op::Binary::Kind kind, const TensorValue& a,
                           const TensorValue& b);

// x [C, ...] as [1, C, ...] if it has not `rank` dimensions but one less.
TensorValue WithBatch(ProgramBuilder& builder, const TensorValue& x, std::int64_t rank);
// Undoes it, if `x` was such.
TensorValue WithoutBatch(ProgramBuilder& builder, const TensorValue& result, const TensorValue& x,
                         std::int64_t rank);

// Floating point: integers are cast to float32.
TensorValue ToFloating(ProgramBuilder& builder, const TensorValue& x);

// a - b of sizes; refused if it overflows.
Dim Minus(const Dim& a, const Dim& b);
Dim Plus(const Dim& a, const Dim& b);
Dim Times(const Dim& a, const Dim& b);
Dim Product(const Shape& shape, std::size_t begin, std::size_t end);
// The shape that both broadcast to.
Shape BroadcastShape(const Shape& a, const Shape& b);

// torch.permute with two dimensions swapped.
TensorValue Transpose(ProgramBuilder& builder, const TensorValue& x, std::int64_t a,
                      std::int64_t b);
// x without dimension `dim`, whose size is 1; with a dimension of 1 before `dim`.
TensorValue Squeeze(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim);
TensorValue Unsqueeze(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim);
// x @ weight.T + bias
TensorValue EmitLinear(ProgramBuilder& builder, const TensorValue& x, const TensorValue& weight,
                       const TensorValue& bias);
// torch.matmul of any ranks.
TensorValue EmitMatMul(ProgramBuilder& builder, TensorValue a, TensorValue b);
// torch.scaled_dot_product_attention; `keep`: true in the mask keeps, else it leaves out.
TensorValue EmitSoftmax(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim);

}  // namespace fedge::lower
