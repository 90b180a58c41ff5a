#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/engine/compute_type.h"
#include "fedge/engine/context.h"
#include "fedge/program/samples.h"

namespace fedge {

// A written model in the edge engine, fed with tensors that know their shapes. Thread-compatible.
class EngineRunner {
 public:
  static Result<EngineRunner> Load(const std::string& path, ComputeType compute, int threads = 1);

  Result<std::vector<SampleTensor>> Run(std::span<const SampleTensor> inputs);
  // Runs these inputs as often as `Again` is called, without copies.
  Status Prepare(std::span<const SampleTensor> inputs);
  Status Again();

  const Model& model() const { return context_.model(); }

 private:
  explicit EngineRunner(std::shared_ptr<const Model> model) : context_(std::move(model)) {}

  Context context_;
  std::int64_t batch_ = 1;
  std::vector<std::span<const std::byte>> inputs_;
  std::vector<std::vector<std::byte>> kept_;
  std::vector<std::span<std::byte>> outputs_;
};

// The first example of these inputs.
std::vector<SampleTensor> FirstRows(std::span<const SampleTensor> inputs, const Model& model);

}  // namespace fedge
