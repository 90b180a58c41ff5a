#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "fedge/archive/schema.h"
#include "fedge/common/result.h"
#include "fedge/data/dataset.h"

namespace fedge {

struct Batch {
  at::Tensor features;  // [N, ...] of the model's type, or int64 tokens
  at::Tensor targets;   // [N, ...] int64 classes, or float32
};

// Makes tensors of a data set's examples as a model wants them: where the model has a schema of the
// same number of elements per example, in the schema's shape. Thread-compatible.
class BatchReader {
 public:
  // float_type  of the model's parameters; the schema's input type goes first
  // kInvalidArgument names the shapes or types that do not fit.
  static Result<BatchReader> Make(std::shared_ptr<const data::Dataset> dataset,
                                  const std::optional<ModelSchema>& schema,
                                  c10::ScalarType float_type, c10::Device device);

  Batch Read(std::span<const std::uint32_t> indices) const;
  const data::DatasetInfo& info() const { return dataset_->info(); }

 private:
  BatchReader(std::shared_ptr<const data::Dataset> dataset, c10::ScalarType float_type,
              c10::Device device);

  at::Tensor ReadFeatures(std::span<const std::uint32_t> indices) const;
  at::Tensor ReadTargets(std::span<const std::uint32_t> indices) const;

  std::shared_ptr<const data::Dataset> dataset_;
  c10::ScalarType float_type_;
  c10::Device device_;
  std::vector<std::int64_t> shape_;  // of one example, as the model takes it
};

}  // namespace fedge
