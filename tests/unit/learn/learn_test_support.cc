#include "learn_test_support.h"

#include <sstream>

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/common/random.h"
#include "fedge/learn/dtypes.h"
#include "fedge/tensor/number.h"

namespace fedge::testing {
namespace {

at::Tensor MakeTensor(const ScriptTensor& spec) {
  at::Tensor tensor =
      at::tensor(spec.values, at::kDouble).reshape(spec.shape).to(ScalarTypeOf(spec.dtype)).clone();
  return tensor.requires_grad_(!spec.buffer && !spec.frozen);
}

std::vector<double> Elements(const TensorInfo& info, std::span<const std::byte> storage) {
  EXPECT_TRUE(info.is_contiguous());
  std::vector<double> values;
  for (std::uint64_t i = 0; i < info.num_elements(); ++i) {
    values.push_back(NumberAt(info.dtype, storage, info.storage_offset + i));
  }
  return values;
}

template <typename T>
void GatherRows(const std::vector<T>& from, std::span<const std::uint32_t> indices,
                std::span<T> out) {
  if (indices.empty()) return;
  const std::size_t row = out.size() / indices.size();
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(indices[i] * row), row,
                out.begin() + static_cast<std::ptrdiff_t>(i * row));
  }
}

}  // namespace

std::string WriteScript(const ScriptModule& script) {
  torch::jit::Module module("__torch__.Test");
  module.register_attribute("training", c10::BoolType::get(), true);
  for (const ScriptTensor& spec : script.tensors) {
    const at::Tensor tensor =
        spec.same_as.empty() ? MakeTensor(spec) : module.attr(spec.same_as).toTensor();
    module.register_parameter(spec.name, tensor, spec.buffer);
  }
  for (const auto& [name, value] : script.integers)
    module.register_attribute(name, c10::IntType::get(), value);
  module.define(script.source);
  torch::jit::ExtraFilesMap extras;
  if (script.schema) extras[std::string(kSchemaRecord)] = SchemaToJson(*script.schema);
  std::ostringstream out;
  module.save(out, extras);
  return std::move(out).str();
}

TestModel::TestModel(std::string bytes)
    : bytes_(std::make_shared<const std::string>(std::move(bytes))) {
  Archive archive = Archive::FromBytes(AsBytes(*bytes_), "test.pt").value();
  Manifest manifest = BuildManifest(archive).value();
  struct Owner {
    std::shared_ptr<const std::string> bytes;
    GlobalModel model;
  };
  const auto owner = std::make_shared<Owner>(
      Owner{bytes_, {Sha256::Of(AsBytes(*bytes_)), std::move(archive), std::move(manifest)}});
  model_ = std::shared_ptr<const GlobalModel>(owner, &owner->model);
}

std::vector<double> TestModel::Values(const std::string& tensor) const {
  const TensorInfo& info = *archive().FindTensor(tensor);
  return Elements(info, archive().StorageBytes(info.storage).value());
}

std::vector<double> TestModel::Values(const std::string& tensor,
                                      std::span<const std::byte> update) const {
  const TensorInfo& info = *archive().FindTensor(tensor);
  for (const ManifestEntry& entry : manifest().entries) {
    if (entry.storage == info.storage)
      return Elements(info, update.subspan(entry.payload_offset, entry.num_bytes()));
  }
  ADD_FAILURE() << tensor << " is not in the update";
  return {};
}

std::size_t MemoryDataset::size() const {
  return std::max(classes.size(), reals.size()) / description.target_size();
}

void MemoryDataset::GatherFloats(Indices indices, std::span<float> out) const {
  GatherRows(features, indices, out);
}
void MemoryDataset::GatherTokens(Indices indices, std::span<std::int64_t> out) const {
  GatherRows(tokens, indices, out);
}
void MemoryDataset::GatherClasses(Indices indices, std::span<std::int64_t> out) const {
  GatherRows(classes, indices, out);
}
void MemoryDataset::GatherReals(Indices indices, std::span<float> out) const {
  GatherRows(reals, indices, out);
}

std::shared_ptr<MemoryDataset> RandomClasses(std::vector<std::int64_t> feature_shape,
                                             std::int64_t num_classes, std::size_t count) {
  auto dataset = std::make_shared<MemoryDataset>();
  dataset->description.name = "random";
  dataset->description.feature_shape = std::move(feature_shape);
  dataset->description.num_classes = num_classes;
  Random random(42);
  const std::size_t size = dataset->description.feature_size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t label = random.Below(static_cast<std::uint64_t>(num_classes));
    for (std::size_t j = 0; j < size; ++j) {
      const double tilt = j % static_cast<std::size_t>(num_classes) == label ? 0.5 : 0.0;
      dataset->features.push_back(static_cast<float>(random.Uniform() * 2 - 1 + tilt));
    }
    dataset->classes.push_back(static_cast<std::int64_t>(label));
  }
  return dataset;
}

std::shared_ptr<MemoryDataset> Regression(std::vector<std::vector<float>> rows,
                                          std::vector<float> targets) {
  auto dataset = std::make_shared<MemoryDataset>();
  dataset->description.name = "regression";
  dataset->description.feature_shape = {static_cast<std::int64_t>(rows.front().size())};
  dataset->description.target_type = data::TargetType::kReal;
  for (const std::vector<float>& row : rows) {
    dataset->features.insert(dataset->features.end(), row.begin(), row.end());
  }
  dataset->reals = std::move(targets);
  return dataset;
}

std::vector<std::uint32_t> FirstIndices(std::size_t count) {
  std::vector<std::uint32_t> indices;
  for (std::uint32_t i = 0; i < count; ++i) indices.push_back(i);
  return indices;
}

std::unique_ptr<Learner> MakeLearner(std::shared_ptr<const data::Dataset> dataset,
                                     std::string loss) {
  return Learner::Create({.dataset = std::move(dataset), .loss = std::move(loss)}).value();
}

namespace {

Result<Learned> Train(Learner& learner, const TestModel& model, const TrainConfig& config,
                      std::uint64_t seed) {
  const std::vector<std::uint32_t> examples = FirstIndices(learner.options().dataset->size());
  return learner.Train(model.view(),
                       {.config = config, .seed = seed, .examples = examples, .measured = examples},
                       {});
}

}  // namespace

Learned MustTrain(Learner& learner, const TestModel& model, const TrainConfig& config,
                  std::uint64_t seed) {
  Result<Learned> learned = Train(learner, model, config, seed);
  EXPECT_TRUE(learned.ok()) << learned.status().ToString();
  return learned.ok() ? std::move(learned).value() : Learned{};
}

Status TrainError(Learner& learner, const TestModel& model, const TrainConfig& config) {
  return Train(learner, model, config, 1).status();
}

ScriptModule LinearModule(std::int64_t in, std::int64_t out, DType dtype) {
  std::vector<double> weights;
  for (std::int64_t i = 0; i < in * out; ++i)
    weights.push_back(0.125 * static_cast<double>(i % 5) - 0.25);
  return {.tensors = {{.name = "weight", .shape = {out, in}, .values = weights, .dtype = dtype},
                      {.name = "bias",
                       .shape = {out},
                       .values = std::vector<double>(static_cast<std::size_t>(out), 0.5),
                       .dtype = dtype}},
          .source =
              "def forward(self, x: Tensor) -> Tensor:\n  return torch.linear(x, self.weight, "
              "self.bias)\n"};
}

}  // namespace fedge::testing
