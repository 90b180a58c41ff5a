#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/archive/schema.h"
#include "fedge/client/trainer.h"
#include "fedge/data/dataset.h"
#include "fedge/learn/learner.h"

namespace fedge::testing {

// A tensor of a TorchScript module that a test writes.
struct ScriptTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<double> values;  // row-major
  DType dtype = DType::kFloat32;
  bool buffer = false;
  bool frozen = false;    // a parameter that takes no gradient
  std::string same_as{};  // the tensor of this name once more, instead of one of its own
};

struct ScriptModule {
  std::vector<ScriptTensor> tensors;
  std::vector<std::pair<std::string, std::int64_t>> integers{};  // attributes
  std::string source;                                            // its methods
  std::optional<ModelSchema> schema{};
};

// The module as a `.pt`.
std::string WriteScript(const ScriptModule& module);

// An opened model; keeps its bytes.
class TestModel {
 public:
  explicit TestModel(std::string bytes);
  explicit TestModel(const ScriptModule& module) : TestModel(WriteScript(module)) {}

  ModelView view() const { return {model_->archive, model_->manifest}; }
  const Archive& archive() const { return model_->archive; }
  const Manifest& manifest() const { return model_->manifest; }
  // Shares the bytes' lifetime.
  std::shared_ptr<const GlobalModel> shared() const { return model_; }

  // A contiguous tensor's elements as the model has them, and as an update for the model has them.
  std::vector<double> Values(const std::string& tensor) const;
  std::vector<double> Values(const std::string& tensor, std::span<const std::byte> update) const;

 private:
  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<const GlobalModel> model_;
};

// Examples in memory.
class MemoryDataset final : public data::Dataset {
 public:
  data::DatasetInfo description;
  std::vector<float> features;
  std::vector<std::int64_t> tokens;
  std::vector<std::int64_t> classes;
  std::vector<float> reals;

  const data::DatasetInfo& info() const override { return description; }
  std::size_t size() const override;
  void GatherFloats(Indices indices, std::span<float> out) const override;
  void GatherTokens(Indices indices, std::span<std::int64_t> out) const override;
  void GatherClasses(Indices indices, std::span<std::int64_t> out) const override;
  void GatherReals(Indices indices, std::span<float> out) const override;
  std::vector<std::int64_t> Labels() const override { return classes; }
};

// `count` examples drawn from a seed: features in [-1, 1), classes that the features decide.
std::shared_ptr<MemoryDataset> RandomClasses(std::vector<std::int64_t> feature_shape,
                                             std::int64_t num_classes, std::size_t count);
// Rows of features with a number as target each.
std::shared_ptr<MemoryDataset> Regression(std::vector<std::vector<float>> rows,
                                          std::vector<float> targets);

// 0, 1 ... count - 1.
std::vector<std::uint32_t> FirstIndices(std::size_t count);

// A learner on one thread; Train with a task made of the arguments, expected to succeed.
std::unique_ptr<Learner> MakeLearner(std::shared_ptr<const data::Dataset> dataset,
                                     std::string loss = "auto");
Learned MustTrain(Learner& learner, const TestModel& model, const TrainConfig& config,
                  std::uint64_t seed = 1);
Status TrainError(Learner& learner, const TestModel& model, const TrainConfig& config);

// y = x w^T + b, in one layer.
ScriptModule LinearModule(std::int64_t in, std::int64_t out, DType dtype = DType::kFloat32);

}  // namespace fedge::testing
