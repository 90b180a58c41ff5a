#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/archive/schema.h"
#include "fedge/common/result.h"
#include "fedge/data/dataset.h"
#include "fedge/learn/batch_reader.h"
#include "fedge/learn/losses.h"

namespace fedge {

// What a module is trained for: its own training_step(x, y), or a named loss of forward(x).
// Functions throw what LibTorch throws, and std::invalid_argument with a message for a person.
// Thread-compatible.
class Objective {
 public:
  // loss  a name of Losses(), or "auto": training_step if the module has one, else the schema's
  // loss, else mean squared
  //       error for numbers and cross-entropy for classes
  // kInvalidArgument: unknown loss, or methods that do not take one input (and one target).
  static Result<Objective> Make(torch::jit::Module module, std::string_view loss,
                                const std::optional<ModelSchema>& schema,
                                const data::DatasetInfo& info);

  // A scalar to differentiate: the mean over the batch.
  at::Tensor MeanLoss(const Batch& batch);

  struct Measurement {
    double mean_loss = 0;
    Loss::Hits hits;
  };
  Measurement Measure(const Batch& batch);

 private:
  Objective(torch::jit::Module module, const Loss* loss, std::int64_t num_classes)
      : module_(std::move(module)), loss_(loss), num_classes_(num_classes) {}

  at::Tensor Forward(const at::Tensor& features);
  at::Tensor OwnLoss(const Batch& batch);
  at::Tensor NamedLoss(const at::Tensor& output, const at::Tensor& targets) const;

  torch::jit::Module module_;
  const Loss* loss_;  // null: the module's own
  std::int64_t num_classes_;
  bool counts_hits_ = true;
};

}  // namespace fedge
