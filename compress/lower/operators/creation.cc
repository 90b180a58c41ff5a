#include "fedge/lower/operators/support.h"

// Tensors out of nothing, copies, and what does nothing in evaluation.
namespace fedge::lower {
namespace {

c10::ScalarType DefaultType(const Call& call) {
  if (call.Knows("self") && call.IsTensor("self")) return call.Tensor("self").dtype;
  return c10::kFloat;
}

Shape TargetShape(const Call& call) {
  return call.Knows("size") ? call.Sizes("size") : call.Tensor("self").shape;
}

Outputs Filled(const Call& call, double value) {
  return call.builder().Fill(value, call.DTypeOr(DefaultType(call)), TargetShape(call));
}

Outputs Zeros(const Call& call) { return Filled(call, 0); }
Outputs Ones(const Call& call) { return Filled(call, 1); }

Outputs Full(const Call& call) {
  c10::ScalarType dtype = DefaultType(call);
  const auto* leaf = std::get_if<c10::IValue>(&call.Get("fill_value"));
  if (leaf != nullptr && !call.Knows("self")) {
    if (leaf->isInt()) dtype = c10::kLong;
    if (leaf->isBool()) dtype = c10::kBool;
  }
  return call.builder().Fill(call.Number("fill_value"), call.DTypeOr(dtype), TargetShape(call));
}

// x.fill_(value), x.zero_(): the caller casts and expands.
Outputs FillWith(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const double value = call.Knows("value") ? call.Number("value") : 0;
  return call.builder().Fill(value, x.dtype, x.shape);
}

Outputs CopyFrom(const Call& call) {
  const char* source = call.Knows("src") ? "src" : "other";
  return Operand(call, source, call.Tensor("self"));
}

c10::ScalarType WantedType(const Call& call, const TensorValue& x) {
  if (call.Knows("other")) return call.Tensor("other").dtype;
  return call.Knows("dtype") ? call.DTypeOr(x.dtype) : x.dtype;
}

Outputs To(const Call& call) {
  const TensorValue x = call.Tensor("self");
  return call.builder().Cast(x, WantedType(call, x));
}

template <c10::ScalarType dtype>
Outputs ToType(const Call& call) {
  return call.builder().Cast(call.Tensor("self"), dtype);
}

Outputs Clone(const Call& call) { return call.Tensor("self"); }

Outputs Dropout(const Call& call) {
  if (call.Bool("train")) Refuse("drops values at random: training is on in this call");
  return call.Tensor("input");
}

}  // namespace

void AddCreation(OperatorTable& table) {
  table.Add({"zeros", "zeros_like", "new_zeros", "empty", "empty_like", "new_empty"}, Zeros);
  table.Add({"ones", "ones_like", "new_ones"}, Ones);
  table.Add({"full", "full_like", "new_full"}, Full);
  table.Add({"fill", "zero"}, FillWith);
  table.Add({"copy"}, CopyFrom);
  table.Add({"to", "type_as"}, To, Aliasing::kPerhapsView);
  table.Add({"float"}, ToType<c10::kFloat>, Aliasing::kPerhapsView);
  table.Add({"double"}, ToType<c10::kDouble>, Aliasing::kPerhapsView);
  table.Add({"half"}, ToType<c10::kHalf>, Aliasing::kPerhapsView);
  table.Add({"long"}, ToType<c10::kLong>, Aliasing::kPerhapsView);
  table.Add({"int"}, ToType<c10::kInt>, Aliasing::kPerhapsView);
  table.Add({"bool"}, ToType<c10::kBool>, Aliasing::kPerhapsView);
  table.Add({"clone"}, Clone);
  table.Add({"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"}, Dropout,
            Aliasing::kView);
}

}  // namespace fedge::lower
