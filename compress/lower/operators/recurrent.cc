#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Recurrent::Kind;

struct States {
  TensorValue h;  // [layers x directions, N, H]
  TensorValue c;  // LSTM
};

// Weights and biases of one layer in one direction, as they follow each other in `params`.
struct Weights {
  TensorValue w_ih, w_hh, b_ih, b_hh;
};

TensorValue Part(ProgramBuilder& builder, const TensorValue& states, std::int64_t index) {
  return Squeeze(builder, builder.Slice(states, 0, index, Dim(1)), 0);
}

Weights WeightsOf(const std::vector<TensorValue>& params, std::size_t cell, bool has_biases) {
  const std::size_t each = has_biases ? 4 : 2;
  if (params.size() < (cell + 1) * each) Refuse("has {} weights", params.size());
  Weights weights{
      .w_ih = params[cell * each], .w_hh = params[cell * each + 1], .b_ih = {}, .b_hh = {}};
  if (has_biases) {
    weights.b_ih = params[cell * each + 2];
    weights.b_hh = params[cell * each + 3];
  }
  return weights;
}

// y, h and c of one layer in one direction.
std::vector<TensorValue> Layer(ProgramBuilder& builder, op::Recurrent recurrent,
                               const TensorValue& x, const States& state, const Weights& weights) {
  return builder.EmitAll(
      recurrent, {x, state.h, state.c, weights.w_ih, weights.w_hh, weights.b_ih, weights.b_hh});
}

Outputs Recur(const Call& call, Kind kind, const States& initial) {
  ProgramBuilder& builder = call.builder();
  if (call.Knows("batch_sizes")) Refuse("takes packed sequences; give it a padded tensor");
  const bool batch_first = call.Bool("batch_first");
  const bool has_biases = call.Bool("has_biases");
  const std::int64_t directions = call.Bool("bidirectional") ? 2 : 1;
  const std::vector<TensorValue> params = call.Tensors("params");
  const auto cells = static_cast<std::size_t>(call.Int("num_layers") * directions);
  if (params.size() != cells * (has_biases ? 4 : 2)) Refuse("projects its states (proj_size)");
  TensorValue x = call.Tensor("input");
  if (x.rank() != 3) Refuse("takes {}", ToString(x.shape));
  if (!batch_first) x = Transpose(builder, x, 0, 1);
  std::vector<TensorValue> h;
  std::vector<TensorValue> c;
  for (std::size_t first = 0; first < cells; first += static_cast<std::size_t>(directions)) {
    std::vector<TensorValue> ways;
    for (std::int64_t way = 0; way < directions; ++way) {
      const std::size_t cell = first + static_cast<std::size_t>(way);
      const auto index = static_cast<std::int64_t>(cell);
      const States state{
          .h = Part(builder, initial.h, index),
          .c = kind == Kind::kLstm ? Part(builder, initial.c, index) : TensorValue()};
      const auto outputs = Layer(builder, {.kind = kind, .reverse = way == 1}, x, state,
                                 WeightsOf(params, cell, has_biases));
      ways.push_back(outputs.at(0));
      h.push_back(Unsqueeze(builder, outputs.at(1), 0));
      if (kind == Kind::kLstm) c.push_back(Unsqueeze(builder, outputs.at(2), 0));
    }
    x = builder.Concat(std::move(ways), 2);
  }
  if (!batch_first) x = Transpose(builder, x, 0, 1);
  std::vector<TensorValue> outputs = {x, builder.Concat(std::move(h), 0)};
  if (kind == Kind::kLstm) outputs.push_back(builder.Concat(std::move(c), 0));
  return {Outputs::Kind::kSeveral, std::move(outputs)};
}

Outputs Lstm(const Call& call) {
  const std::vector<TensorValue> states = call.Tensors("hx");
  if (states.size() != 2) Refuse("has {} states", states.size());
  return Recur(call, Kind::kLstm, {states[0], states[1]});
}

Outputs Gru(const Call& call) { return Recur(call, Kind::kGru, {call.Tensor("hx"), {}}); }

// One step: a sequence of one.
std::vector<TensorValue> Cell(const Call& call, Kind kind, const States& state) {
  ProgramBuilder& builder = call.builder();
  const Weights weights{.w_ih = call.Tensor("w_ih"),
                        .w_hh = call.Tensor("w_hh"),
                        .b_ih = call.OptionalTensor("b_ih"),
                        .b_hh = call.OptionalTensor("b_hh")};
  const TensorValue x = Unsqueeze(builder, call.Tensor("input"), 1);
  return Layer(builder, {.kind = kind, .reverse = false}, x, state, weights);
}

Outputs LstmCell(const Call& call) {
  const std::vector<TensorValue> states = call.Tensors("hx");
  if (states.size() != 2) Refuse("has {} states", states.size());
  const std::vector<TensorValue> outputs = Cell(call, Kind::kLstm, {states[0], states[1]});
  return {Outputs::Kind::kSeveral, {outputs.at(1), outputs.at(2)}};
}

Outputs GruCell(const Call& call) { return Cell(call, Kind::kGru, {call.Tensor("hx"), {}}).at(1); }

}  // namespace

void AddRecurrent(OperatorTable& table) {
  table.Add({"lstm"}, Lstm);
  table.Add({"gru"}, Gru);
  table.Add({"lstm_cell"}, LstmCell);
  table.Add({"gru_cell"}, GruCell);
}

}  // namespace fedge::lower
