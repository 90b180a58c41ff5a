#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/compress_report/report.h"
#include "fedge/lower/lowered_model.h"
#include "fedge/program/samples.h"

namespace fedge {

// A TorchScript module as LibTorch runs it, in evaluation mode. The archive outlives it.
// Thread-compatible.
class TorchModel {
 public:
  // kInvalidArgument: no TorchScript module, no forward, or a weight that is not finite, by name.
  static Result<TorchModel> Load(const Archive& archive);
  TorchModel(TorchModel&&) noexcept;
  TorchModel& operator=(TorchModel&&) noexcept;
  ~TorchModel();

  // See fedge/lower/lower.h.
  Result<LoweredModel> Lower(std::span<const LowerInput> inputs) const;
  // What the module answers to inputs drawn from `seed`: floats of a standard normal distribution,
  // integers that are valid indices of the tables that they look up, or 0 and 1.
  Result<Sample> MakeSample(const Program& program, std::int64_t batch, std::uint64_t seed) const;
  // What forward answers, its outputs named by their number. kInvalidArgument: it does not take
  // these inputs.
  Result<std::vector<SampleTensor>> Run(std::span<const SampleTensor> inputs) const;
  // The largest difference of an output from the sample's, by the largest magnitude of that output.
  Result<double> Difference(const Sample& sample) const;
  Result<LatencyReport> Measure(const Sample& sample, std::uint32_t threads) const;
  // "1.13", "2.0": the first that has every operator of forward.
  std::string OldestLibTorch() const;

 private:
  struct Impl;
  explicit TorchModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
