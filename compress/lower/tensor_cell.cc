#include "fedge/lower/tensor_cell.h"

#include "fedge/lower/builder.h"
#include "fedge/lower/refusal.h"

namespace fedge::lower {

const TensorValue& TensorCell::Read() {
  if (!torn_.empty()) Refuse("{}", torn_);
  if (recipe_.base != nullptr && seen_ != recipe_.base->generation()) {
    if (recipe_.perhaps_copy) {
      Refuse(
          "reads a tensor that may or may not be a view of one that was written to in place; write "
          "with an operator that returns its result instead");
    }
    const std::uint64_t now = recipe_.base->generation();
    value_ = recipe_.apply(recipe_.base->Read());
    seen_ = now;
  }
  if (!value_.missing.empty()) Refuse("{}", value_.missing);
  return value_;
}

void TensorCell::Write(ProgramBuilder& builder, TensorValue value) {
  if (!attribute_.empty()) {
    Refuse("forward changes '{}', which the model keeps between calls", attribute_);
  }
  if (recipe_.base == nullptr) {
    value_ = std::move(value);
    ++own_writes_;
    return;
  }
  if (recipe_.perhaps_copy) {
    // This tensor goes on with its own value; what it may be a view of is not known any more.
    recipe_.base->Tear();
    recipe_ = {};
    seen_ = 0;
    value_ = std::move(value);
    return;
  }
  WriteBase(builder, value);
}

void TensorCell::Tear() {
  torn_ =
      "reads a tensor of which a reshaped copy or view was written to in place; write with an "
      "operator that returns its result instead";
  ++own_writes_;
  if (recipe_.base != nullptr) recipe_.base->Tear();
}

void TensorCell::WriteBase(ProgramBuilder& builder, const TensorValue& value) {
  // The view's own nodes tell where its elements lie in the base.
  TensorValue base = builder.Materialize(recipe_.base->Read());
  const std::size_t first = builder.num_nodes();
  const TensorValue view = recipe_.apply(base);
  recipe_.base->Write(builder, builder.WriteThrough(base, first, view, value));
  seen_ = recipe_.base->generation();
  value_ = value;
}

}  // namespace fedge::lower
