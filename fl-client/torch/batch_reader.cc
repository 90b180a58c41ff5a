#include "fedge/learn/batch_reader.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include <ATen/ops/empty.h>
#include <fmt/ranges.h>

#include "fedge/learn/dtypes.h"

namespace fedge {
namespace {

using data::FeatureType;
using data::TargetType;

std::int64_t NumElements(std::span<const std::int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::string BatchShape(std::span<const std::int64_t> example) {
  std::string text = "[N";
  for (const std::int64_t size : example) text += size < 0 ? ", any" : fmt::format(", {}", size);
  return text + "]";
}

bool Matches(std::span<const std::int64_t> wanted, std::span<const std::int64_t> shape) {
  return std::ranges::equal(
      wanted, shape, [](std::int64_t want, std::int64_t is) { return want < 0 || want == is; });
}

// The shape in which an example goes into the model.
Result<std::vector<std::int64_t>> InputShape(const TensorSchema& input,
                                             const data::DatasetInfo& info) {
  if (input.shape.empty()) return info.feature_shape;
  const std::span<const std::int64_t> wanted = std::span(input.shape).subspan(1);
  if (Matches(wanted, info.feature_shape)) return info.feature_shape;
  const bool known = std::ranges::none_of(wanted, [](std::int64_t size) { return size < 0; });
  if (known && NumElements(wanted) == NumElements(info.feature_shape)) {
    return std::vector<std::int64_t>(wanted.begin(), wanted.end());
  }
  return InvalidArgument("the model takes '{}' {}, but the data '{}' have examples {}", input.name,
                         BatchShape(wanted), info.name, BatchShape(info.feature_shape));
}

Status CheckInputType(const TensorSchema& input, const data::DatasetInfo& info) {
  const bool floats = info.feature_type == FeatureType::kFloat;
  if (floats == IsFloatingPoint(input.dtype)) return OkStatus();
  return InvalidArgument("the model takes '{}' as {}, but the data '{}' are {}", input.name,
                         DTypeName(input.dtype), info.name, floats ? "numbers" : "tokens");
}

}  // namespace

BatchReader::BatchReader(std::shared_ptr<const data::Dataset> dataset, c10::ScalarType float_type,
                         c10::Device device)
    : dataset_(std::move(dataset)),
      float_type_(float_type),
      device_(device),
      shape_(dataset_->info().feature_shape) {}

Result<BatchReader> BatchReader::Make(std::shared_ptr<const data::Dataset> dataset,
                                      const std::optional<ModelSchema>& schema,
                                      c10::ScalarType float_type, c10::Device device) {
  BatchReader reader(std::move(dataset), float_type, device);
  if (!schema || schema->inputs.empty()) return reader;
  const TensorSchema& input = schema->inputs.front();
  FEDGE_RETURN_IF_ERROR(CheckInputType(input, reader.info()));
  FEDGE_ASSIGN_OR_RETURN(reader.shape_, InputShape(input, reader.info()));
  if (IsFloatingPoint(input.dtype)) reader.float_type_ = ScalarTypeOf(input.dtype);
  return reader;
}

Batch BatchReader::Read(std::span<const std::uint32_t> indices) const {
  Batch batch{ReadFeatures(indices), ReadTargets(indices)};
  if (!device_.is_cpu()) batch = {batch.features.to(device_), batch.targets.to(device_)};
  return batch;
}

at::Tensor BatchReader::ReadFeatures(std::span<const std::uint32_t> indices) const {
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(indices.size())};
  shape.insert(shape.end(), shape_.begin(), shape_.end());
  if (info().feature_type == FeatureType::kToken) {
    at::Tensor tokens = at::empty(shape, at::kLong);
    dataset_->GatherTokens(indices, {tokens.mutable_data_ptr<std::int64_t>(),
                                     static_cast<std::size_t>(tokens.numel())});
    return tokens;
  }
  at::Tensor floats = at::empty(shape, at::kFloat);
  dataset_->GatherFloats(
      indices, {floats.mutable_data_ptr<float>(), static_cast<std::size_t>(floats.numel())});
  return floats.to(float_type_);
}

at::Tensor BatchReader::ReadTargets(std::span<const std::uint32_t> indices) const {
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(indices.size())};
  shape.insert(shape.end(), info().target_shape.begin(), info().target_shape.end());
  if (info().target_type == TargetType::kReal) {
    at::Tensor reals = at::empty(shape, at::kFloat);
    dataset_->GatherReals(
        indices, {reals.mutable_data_ptr<float>(), static_cast<std::size_t>(reals.numel())});
    return reals;
  }
  at::Tensor classes = at::empty(shape, at::kLong);
  dataset_->GatherClasses(indices, {classes.mutable_data_ptr<std::int64_t>(),
                                    static_cast<std::size_t>(classes.numel())});
  return classes;
}

}  // namespace fedge
