#include "fedge/program/infer_support.h"

namespace fedge::internal {

Result<Types> Infer(const op::Recurrent& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "h0", "c0?", "w_ih", "w_hh", "b_ih?", "b_hh?"}));
  const bool lstm = op.kind == op::Recurrent::Kind::kLstm;
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckFloating("x", x));
  FEDGE_RETURN_IF_ERROR(CheckRank("x", x, 3));
  FEDGE_RETURN_IF_ERROR(CheckRank("h0", *inputs[1], 2));
  for (const TensorType* input : inputs) {
    if (input != nullptr) FEDGE_RETURN_IF_ERROR(CheckSameDType("an input", *input, x));
  }
  if (lstm != (inputs[2] != nullptr)) {
    return InvalidArgument("c0 is {}", lstm ? "absent" : "given, which a gru has not");
  }
  const Dim batch = x.shape[0];
  const Dim hidden = inputs[1]->shape[1];
  FEDGE_ASSIGN_OR_RETURN(const Dim gates, Exactly(Multiply(hidden, lstm ? 4 : 3), "the gates"));
  FEDGE_RETURN_IF_ERROR(CheckShape("h0", inputs[1], {batch, hidden}));
  FEDGE_RETURN_IF_ERROR(CheckShape("c0", inputs[2], {batch, hidden}));
  FEDGE_RETURN_IF_ERROR(CheckShape("w_ih", inputs[3], {gates, x.shape[2]}));
  FEDGE_RETURN_IF_ERROR(CheckShape("w_hh", inputs[4], {gates, hidden}));
  FEDGE_RETURN_IF_ERROR(CheckShape("b_ih", inputs[5], {gates}));
  FEDGE_RETURN_IF_ERROR(CheckShape("b_hh", inputs[6], {gates}));
  Types outputs = {{x.dtype, {batch, x.shape[1], hidden}}, *inputs[1]};
  if (lstm) outputs.push_back(*inputs[2]);
  return outputs;
}

}  // namespace fedge::internal
