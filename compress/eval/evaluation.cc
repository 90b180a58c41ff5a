#include "fedge/compress_eval/evaluation.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/compress_eval/predictions.h"
#include "fedge/tensor/number.h"

namespace fedge {
namespace {

using data::FeatureType;
using data::TargetType;

constexpr std::size_t kBatch = 32;

bool Fits(const InputFacts& input, const data::DatasetInfo& info) {
  if (input.shape.empty() || input.shape[0] != Dim(0, 1)) return false;
  Dim elements = 1;
  for (std::size_t i = 1; i < input.shape.size(); ++i) {
    if (!input.shape[i].is_constant()) return false;
    elements.base *= input.shape[i].base;
  }
  return elements.base == static_cast<std::int64_t>(info.feature_size());
}

Status CheckInput(const InputFacts& input, const data::DatasetInfo& info) {
  const bool floats = info.feature_type == FeatureType::kFloat;
  if (floats == IsFloatingPoint(input.dtype) && Fits(input, info)) return OkStatus();
  return InvalidArgument("the model takes {} of {}, but an example of '{}' is {} of [{}]",
                         DTypeName(input.dtype), ToString(input.shape), info.name,
                         floats ? "float32" : "int64", fmt::join(info.feature_shape, ", "));
}

template <class T>
void Store(const std::vector<T>& numbers, SampleTensor& tensor) {
  const std::size_t size = DTypeSize(tensor.dtype);
  tensor.data.resize(numbers.size() * size);
  auto* to = reinterpret_cast<std::byte*>(tensor.data.data());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    StoreNumber(tensor.dtype, static_cast<double>(numbers[i]), to + i * size);
}

// Positions in the order of the data set, `kBatch` at a time.
std::vector<std::uint32_t> BatchAt(std::size_t begin, std::size_t end) {
  std::vector<std::uint32_t> indices(std::min(kBatch, end - begin));
  std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(begin));
  return indices;
}

}  // namespace

Result<InputFacts> OnlyInput(const Program& program) {
  if (program.inputs.size() != 1) {
    return InvalidArgument("the model has {} inputs; data have one", program.inputs.size());
  }
  const Value& value = program.values[program.inputs[0].value];
  return InputFacts{.name = program.inputs[0].name, .dtype = value.dtype, .shape = value.shape};
}

Evaluation::Evaluation(std::shared_ptr<const data::Dataset> dataset, InputFacts input)
    : dataset_(std::move(dataset)), input_(std::move(input)) {}

Result<Evaluation> Evaluation::Make(std::shared_ptr<const data::Dataset> dataset,
                                    InputFacts input) {
  const data::DatasetInfo& info = dataset->info();
  FEDGE_RETURN_IF_ERROR(CheckInput(input, info));
  if (info.target_type == TargetType::kReal) {
    return InvalidArgument("the targets of '{}' are numbers; accuracy is of classes", info.name);
  }
  if (dataset->size() == 0) return InvalidArgument("'{}' has no example", info.name);
  return Evaluation(std::move(dataset), std::move(input));
}

SampleTensor Evaluation::Features(std::span<const std::uint32_t> indices) const {
  const auto batch = static_cast<std::int64_t>(indices.size());
  SampleTensor tensor{
      .name = input_.name, .dtype = input_.dtype, .shape = At(input_.shape, batch), .data = {}};
  const std::size_t elements = indices.size() * dataset_->info().feature_size();
  if (dataset_->info().feature_type == FeatureType::kFloat) {
    std::vector<float> floats(elements);
    dataset_->GatherFloats(indices, floats);
    Store(floats, tensor);
  } else {
    std::vector<std::int64_t> tokens(elements);
    dataset_->GatherTokens(indices, tokens);
    Store(tokens, tensor);
  }
  return tensor;
}

Status Evaluation::CheckScores(const SampleTensor& scores, std::size_t rows) const {
  const data::DatasetInfo& info = dataset_->info();
  Dims wanted = {static_cast<std::int64_t>(rows)};
  wanted.insert(wanted.end(), info.target_shape.begin(), info.target_shape.end());
  const bool positions = scores.shape.size() == wanted.size() + 1 &&
                         std::equal(wanted.begin(), wanted.end(), scores.shape.begin());
  const bool one_score =
      info.num_classes == 2 && (scores.shape == wanted || (positions && scores.shape.back() == 1));
  if (one_score || (positions && scores.shape.back() >= info.num_classes)) return OkStatus();
  return InvalidArgument(
      "output '{}' has shape [{}]; the targets of '{}' want scores [{}, {} classes]", scores.name,
      fmt::join(scores.shape, ", "), info.name, fmt::join(wanted, ", "), info.num_classes);
}

Result<std::vector<std::int64_t>> Evaluation::Choose(const Forward& forward) const {
  std::vector<std::int64_t> all;
  for (std::size_t begin = 0; begin < dataset_->size(); begin += kBatch) {
    const std::vector<std::uint32_t> indices = BatchAt(begin, dataset_->size());
    const SampleTensor features = Features(indices);
    FEDGE_ASSIGN_OR_RETURN(const std::vector<SampleTensor> outputs,
                           forward(std::span(&features, 1)));
    if (outputs.empty()) return InvalidArgument("the model has no output");
    FEDGE_RETURN_IF_ERROR(CheckScores(outputs[0], indices.size()));
    FEDGE_ASSIGN_OR_RETURN(const std::vector<std::int64_t> chosen, ChosenClasses(outputs[0]));
    all.insert(all.end(), chosen.begin(), chosen.end());
  }
  return all;
}

std::vector<std::int64_t> Evaluation::Targets(std::span<const std::uint32_t> indices) const {
  std::vector<std::int64_t> targets(indices.size() * dataset_->info().target_size());
  dataset_->GatherClasses(indices, targets);
  return targets;
}

AccuracyReport Evaluation::Score(std::span<const std::int64_t> chosen) const {
  AccuracyReport report;
  for (std::size_t begin = 0; begin < dataset_->size(); begin += kBatch) {
    for (const std::int64_t target : Targets(BatchAt(begin, dataset_->size())))
      report.correct += chosen[report.samples++] == target ? 1U : 0U;
  }
  return report;
}

}  // namespace fedge
