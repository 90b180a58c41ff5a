#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/result.h"
#include "fedge/common/training.h"
#include "fedge/data/dataset.h"

namespace fedge {

struct LearnerOptions {
  std::shared_ptr<const data::Dataset> dataset;
  std::string loss = "auto";   // see Losses(); "auto": what the model says
  std::string device = "cpu";  // "cpu", "cuda" or "cuda:1"
  int threads = 1;             // for the operators of one step
  std::uint32_t evaluation_batch_size = 256;
};

// A model as a `.pt`. Both outlive the call that they are given to.
struct ModelView {
  const Archive& archive;
  const Manifest& manifest;
};

struct LearnTask {
  TrainConfig config;
  std::uint64_t seed =
      0;  // of shuffling, dropout and every other draw; config.seed is not looked at
  std::span<const std::uint32_t>
      examples;  // of the data set; kept in this order before they are shuffled
  std::span<const std::uint32_t>
      measured;  // those on which metrics are taken before and after; may be empty
};

struct Learned {
  std::vector<std::byte> update;  // laid out as the manifest says
  TrainResult result;
};

// Trains and evaluates any TorchScript model on a data set. The same inputs give the same bytes for
// a LibTorch build, a device of type "cpu" and a number of threads, whatever this or other learners
// did before. Thread-compatible; each learner holds one copy of the model.
//
// LibTorch's numbers are those of its default settings, denormals included; TorchScript runs
// without its optimising executor, which specialises a function from its second call on and with it
// changes rounding.
class Learner {
 public:
  // kInvalidArgument: unknown loss or device, a number of threads below 1; kFailedPrecondition: no
  // such device here.
  static Result<std::unique_ptr<Learner>> Create(LearnerOptions options);
  ~Learner();

  const LearnerOptions& options() const;
  // kCancelled once `stop` is requested, looked at between batches. kOutOfRange: the loss or the
  // update is not finite; kInvalidArgument: the data do not fit the model ...;
  // kFailedPrecondition: no examples. After an error the learner can be used again.
  Result<Learned> Train(const ModelView& model, const LearnTask& task, const std::stop_token& stop);
  // Loss and accuracy in evaluation mode; nothing is measured when there are no examples.
  Result<Metrics> Evaluate(const ModelView& model, std::span<const std::uint32_t> examples,
                           const std::stop_token& stop);

 private:
  struct Impl;
  explicit Learner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
