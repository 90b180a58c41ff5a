#include "fedge/learn/objective.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace fedge {
namespace {

constexpr std::string_view kTrainingStep = "training_step";

// Whether a method can be called with `count` tensors besides self.
bool Takes(const torch::jit::Method& method, std::size_t count) {
  const std::vector<c10::Argument>& arguments = method.function().getSchema().arguments();
  std::size_t required = 0;
  for (const c10::Argument& argument : arguments) required += argument.default_value() ? 0 : 1;
  return required <= count + 1 && arguments.size() >= count + 1;
}

Status CheckMethod(const torch::jit::Module& module, std::string_view name, std::size_t count) {
  const auto method = module.find_method(std::string(name));
  if (!method) return InvalidArgument("the model has no method '{}'", name);
  if (Takes(*method, count)) return OkStatus();
  return InvalidArgument("the model's '{}' can't be called with {}", name,
                         count == 1 ? "one input" : "one input and one target");
}

Result<const Loss*> ChooseLoss(std::string_view name, const std::optional<ModelSchema>& schema,
                               data::TargetType targets) {
  if (name != "auto") return FindLoss(name);
  if (schema && !schema->loss.empty()) return FindLoss(schema->loss);
  return FindLoss(targets == data::TargetType::kReal ? "mse" : "cross-entropy");
}

}  // namespace

Result<Objective> Objective::Make(torch::jit::Module module, std::string_view loss,
                                  const std::optional<ModelSchema>& schema,
                                  const data::DatasetInfo& info) {
  if (loss == "auto" && module.find_method(std::string(kTrainingStep))) {
    FEDGE_RETURN_IF_ERROR(CheckMethod(module, kTrainingStep, 2));
    Objective objective(std::move(module), nullptr, info.num_classes);
    objective.counts_hits_ =
        info.num_classes > 0 && CheckMethod(objective.module_, "forward", 1).ok();
    return objective;
  }
  FEDGE_RETURN_IF_ERROR(CheckMethod(module, "forward", 1));
  FEDGE_ASSIGN_OR_RETURN(const Loss* const chosen, ChooseLoss(loss, schema, info.target_type));
  return Objective(std::move(module), chosen, info.num_classes);
}

at::Tensor Objective::Forward(const at::Tensor& features) {
  c10::IValue output = module_.forward({features});
  if (output.isTuple() && !output.toTupleRef().elements().empty()) {
    output = c10::IValue(output.toTupleRef().elements()[0]);
  }
  if (output.isTensor()) return std::move(output).toTensor();
  throw std::invalid_argument(fmt::format(
      "the model's forward gives a {}; a tensor, or a tuple that begins with one, is needed",
      output.tagKind()));
}

at::Tensor Objective::OwnLoss(const Batch& batch) {
  const c10::IValue loss =
      module_.get_method(std::string(kTrainingStep))({batch.features, batch.targets});
  if (loss.isTensor() && loss.toTensor().numel() == 1) return loss.toTensor();
  throw std::invalid_argument(
      "the model's training_step must give the loss: a tensor of one element");
}

at::Tensor Objective::NamedLoss(const at::Tensor& output, const at::Tensor& targets) const {
  if (loss_->hits == CountClassHits && output.dim() > 1 && output.size(-1) < num_classes_) {
    throw std::invalid_argument(fmt::format("the model scores {} classes, the data have {}",
                                            output.size(-1), num_classes_));
  }
  return loss_->mean(output, targets);
}

at::Tensor Objective::MeanLoss(const Batch& batch) {
  return loss_ == nullptr ? OwnLoss(batch) : NamedLoss(Forward(batch.features), batch.targets);
}

Objective::Measurement Objective::Measure(const Batch& batch) {
  if (loss_ != nullptr) {
    const at::Tensor output = Forward(batch.features);
    return {NamedLoss(output, batch.targets).item<double>(), loss_->hits(output, batch.targets)};
  }
  Measurement measurement{.mean_loss = OwnLoss(batch).item<double>(), .hits = {}};
  if (counts_hits_) measurement.hits = CountClassHits(Forward(batch.features), batch.targets);
  return measurement;
}

}  // namespace fedge
