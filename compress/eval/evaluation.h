#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/compress_report/accuracy.h"
#include "fedge/data/dataset.h"
#include "fedge/program/program.h"
#include "fedge/program/samples.h"

namespace fedge {

// What a model answers to its inputs, in its order.
using Forward =
    std::function<Result<std::vector<SampleTensor>>(std::span<const SampleTensor> inputs)>;

// What an input of a model is called and how large it is.
struct InputFacts {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;  // the batch first
};
// Of a program with one input. kInvalidArgument: it has several.
Result<InputFacts> OnlyInput(const Program& program);

// Feeds a data set to models and counts how often they are right. Thread-compatible.
class Evaluation {
 public:
  // kInvalidArgument: the data are not what the model takes, or their targets are no classes.
  static Result<Evaluation> Make(std::shared_ptr<const data::Dataset> dataset, InputFacts input);

  std::size_t num_examples() const { return dataset_->size(); }
  // Examples as the model takes them: [indices, ...].
  SampleTensor Features(std::span<const std::uint32_t> indices) const;
  // The classes that the model chooses for all examples, by its first output.
  // kInvalidArgument: that has not as many positions or classes as the targets.
  Result<std::vector<std::int64_t>> Choose(const Forward& forward) const;
  // How many of them are right; runtime and model are for the caller to fill in.
  AccuracyReport Score(std::span<const std::int64_t> chosen) const;

 private:
  Evaluation(std::shared_ptr<const data::Dataset> dataset, InputFacts input);
  Status CheckScores(const SampleTensor& scores, std::size_t rows) const;
  std::vector<std::int64_t> Targets(std::span<const std::uint32_t> indices) const;

  std::shared_ptr<const data::Dataset> dataset_;
  InputFacts input_;
};

}  // namespace fedge
