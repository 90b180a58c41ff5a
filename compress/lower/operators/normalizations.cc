#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Kind = op::Binary::Kind;

TensorValue EmitBatchNorm(const Call& call, const char* mean, const char* variance) {
  if (!call.Has(mean) || !call.Has(variance)) {
    Refuse("normalizes by the batch's own mean; track running statistics, or use group norm");
  }
  return call.builder().Emit(
      op::BatchNorm{call.Number("eps")},
      {call.Tensor("input"), call.OptionalTensor("weight"), call.OptionalTensor("bias"),
       call.Tensor(mean), call.Tensor(variance)});
}

Outputs BatchNorm(const Call& call) {
  if (call.Bool("training")) {
    Refuse("normalizes by the batch's own mean: the module is in training mode");
  }
  const TensorValue y = EmitBatchNorm(call, "running_mean", "running_var");
  if (call.name() == "aten::batch_norm") return y;
  const TensorValue missing = MissingTensor("uses the saved statistics of a normalization");
  return {Outputs::Kind::kSeveral, {y, missing, missing}};
}

Outputs LayerNorm(const Call& call) {
  const auto dims = static_cast<std::int64_t>(call.Sizes("normalized_shape").size());
  const TensorValue y = call.builder().Emit(
      op::LayerNorm{dims, call.Number("eps")},
      {call.Tensor("input"), call.OptionalTensor("weight"), call.OptionalTensor("bias")});
  if (call.name() == "aten::layer_norm") return y;
  const TensorValue missing = MissingTensor("uses the saved statistics of a normalization");
  return {Outputs::Kind::kSeveral, {y, missing, missing}};
}

Outputs GroupNorm(const Call& call) {
  return call.builder().Emit(
      op::GroupNorm{call.Int("num_groups"), call.Number("eps", 1e-5)},
      {call.Tensor("input"), call.OptionalTensor("weight"), call.OptionalTensor("bias")});
}

Outputs InstanceNorm(const Call& call) {
  if (!call.Bool("use_input_stats")) return EmitBatchNorm(call, "running_mean", "running_var");
  const TensorValue x = call.Tensor("input");
  if (x.rank() < 3 || !x.shape[1].is_constant()) Refuse("takes {}", ToString(x.shape));
  return call.builder().Emit(op::GroupNorm{x.shape[1].base, call.Number("eps")},
                             {x, call.OptionalTensor("weight"), call.OptionalTensor("bias")});
}

// x / sqrt(mean(x^2) + eps) * weight
Outputs RmsNorm(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = call.Tensor("input");
  const auto dims = static_cast<std::int64_t>(call.Sizes("normalized_shape").size());
  op::Reduce mean{.kind = op::Reduce::Kind::kMean, .dims = {}, .keep_dims = true};
  for (std::int64_t dim = x.rank() - dims; dim < x.rank(); ++dim) mean.dims.push_back(dim);
  const double eps = call.Number("eps", x.dtype == c10::kFloat ? 1.1920928955078125e-07 : 0);
  if (eps == 0) Refuse("has no eps and is not float32");
  TensorValue square = builder.Emit(std::move(mean), {builder.Binary(Kind::kMul, x, x)});
  square = builder.Binary(Kind::kAdd, square, ProgramBuilder::Scalar(eps, x.dtype));
  const TensorValue y =
      builder.Binary(Kind::kMul, x, builder.Unary(op::Unary::Kind::kRsqrt, square));
  if (!call.Has("weight")) return y;
  return builder.Binary(Kind::kMul, y, call.Tensor("weight"));
}

Outputs Softmax(const Call& call) {
  ProgramBuilder& builder = call.builder();
  const TensorValue x = builder.Cast(call.Tensor("self"), call.DTypeOr(call.Tensor("self").dtype));
  const bool log = call.name().find("log") != std::string::npos;
  return builder.Emit(op::Softmax{call.Axis("dim", x.rank()), log}, {x});
}

}  // namespace

void AddNormalizations(OperatorTable& table) {
  table.Add({"batch_norm", "native_batch_norm"}, BatchNorm);
  table.Add({"layer_norm", "native_layer_norm"}, LayerNorm);
  table.Add({"group_norm"}, GroupNorm);
  table.Add({"instance_norm"}, InstanceNorm);
  table.Add({"rms_norm"}, RmsNorm);
  table.Add({"softmax", "log_softmax", "_softmax", "_log_softmax"}, Softmax);
}

}  // namespace fedge::lower
