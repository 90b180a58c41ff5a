#include <optional>

#include <ATen/ops/arange.h>
#include <ATen/ops/remainder.h>

#include "fedge/lower/operators/support.h"
#include "fedge/lower/tensor_cell.h"

namespace fedge::lower {
namespace {

// Negative indices are counted from the end, if they are known.
TensorValue Indices(const Call& call, const TensorValue& indices, const Dim& size) {
  if (indices.dtype == c10::kBool || indices.dtype == c10::kByte) {
    Refuse("selects by a mask: how many elements that gives depends on the data");
  }
  ProgramBuilder& builder = call.builder();
  if (indices.is_constant() && size.is_constant()) {
    const at::Tensor wrapped = indices.constant.to(c10::kLong).remainder(size.base);
    return ConstantTensor(wrapped);
  }
  return indices.dtype == c10::kInt ? indices : builder.Cast(indices, c10::kLong);
}

Outputs Embedding(const Call& call) {
  return call.builder().Emit(op::Gather{0}, {call.Tensor("weight"), call.Tensor("indices")});
}

Outputs IndexSelect(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const TensorValue index =
      Indices(call, call.Tensor("index"), x.shape.at(static_cast<std::size_t>(dim)));
  return call.builder().Emit(op::Gather{dim}, {x, index});
}

// x[:, i]: one tensor of indices, all else whole.
Outputs Index(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const auto* list = std::get_if<std::shared_ptr<Sequence>>(&call.Get("indices"));
  if (list == nullptr) Refuse("has no list of indices");
  std::optional<std::size_t> dim;
  for (std::size_t i = 0; i < (*list)->elements.size(); ++i) {
    if (IsNone((*list)->elements[i])) continue;
    if (dim.has_value()) Refuse("takes elements by several tensors of indices at once");
    dim = i;
  }
  if (!dim.has_value()) return x;
  const auto* tensor = std::get_if<TensorHandle>(&(*list)->elements[*dim]);
  if (tensor == nullptr) Refuse("takes elements by {}", Describe((*list)->elements[*dim]));
  const TensorValue index = Indices(call, (*tensor)->Read(), x.shape.at(*dim));
  return call.builder().Emit(op::Gather{static_cast<std::int64_t>(*dim)}, {x, index});
}

TensorValue EmitFlip(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim) {
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  if (!size.is_constant()) Refuse("reverses the batch");
  const at::Tensor order = at::arange(size.base - 1, -1, -1, at::TensorOptions().dtype(c10::kLong));
  return builder.Emit(op::Gather{dim}, {x, ConstantTensor(order)});
}

Outputs Flip(const Call& call) {
  TensorValue x = call.Tensor("self");
  for (const std::int64_t dim : call.Axes("dims", x.rank())) x = EmitFlip(call.builder(), x, dim);
  return x;
}

TensorValue EmitRoll(ProgramBuilder& builder, const TensorValue& x, std::int64_t dim,
                     std::int64_t shift) {
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  if (!size.is_constant()) Refuse("rolls the batch");
  if (size.base == 0) return x;
  const std::int64_t first = ((-shift % size.base) + size.base) % size.base;
  if (first == 0) return x;
  return builder.Concat(
      {builder.Slice(x, dim, first, Dim(size.base - first)), builder.Slice(x, dim, 0, Dim(first))},
      dim);
}

Outputs Roll(const Call& call) {
  ProgramBuilder& builder = call.builder();
  TensorValue x = call.Tensor("self");
  const std::vector<std::int64_t> shifts = call.Ints("shifts");
  const std::vector<std::int64_t> dims = call.Ints("dims");
  if (dims.empty()) {
    const TensorValue flat = builder.Reshape(x, {Product(x.shape, 0, x.shape.size())});
    return builder.Reshape(EmitRoll(builder, flat, 0, shifts.at(0)), x.shape);
  }
  for (std::size_t i = 0; i < dims.size(); ++i) {
    x = EmitRoll(builder, x, NormalizeAxis(dims[i], x.rank()), shifts.at(i));
  }
  return x;
}

// Each element `repeats` times in a row.
Outputs RepeatInterleave(const Call& call) {
  ProgramBuilder& builder = call.builder();
  TensorValue x = call.Tensor("self");
  const std::int64_t repeats = call.Int("repeats");
  if (!call.Has("dim")) x = builder.Reshape(x, {Product(x.shape, 0, x.shape.size())});
  const std::int64_t dim = call.Has("dim") ? call.Axis("dim", x.rank()) : 0;
  const TensorValue apart = Unsqueeze(builder, x, dim + 1);
  Shape shape = apart.shape;
  shape[static_cast<std::size_t>(dim) + 1] = Dim(repeats);
  const TensorValue expanded = builder.Expand(apart, std::move(shape));
  Shape joined = x.shape;
  joined[static_cast<std::size_t>(dim)] =
      Times(joined[static_cast<std::size_t>(dim)], Dim(repeats));
  return builder.Reshape(expanded, std::move(joined));
}

}  // namespace

void AddIndexing(OperatorTable& table) {
  table.Add({"embedding"}, Embedding);
  table.Add({"index_select"}, IndexSelect);
  table.Add({"index"}, Index);
  table.Add({"flip"}, Flip);
  table.Add({"roll"}, Roll);
  table.Add({"repeat_interleave"}, RepeatInterleave);
}

}  // namespace fedge::lower
