#include "measure_engine.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "engine_runner.h"
#include "fedge/archive/archive.h"
#include "fedge/compress_report/timing.h"
#include "fedge/engine/model.h"
#include "fedge/program/samples.h"
#include "fedge/tensor/dtype.h"

namespace fedge {
Result<double> CompareWithSamples(const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
  FEDGE_ASSIGN_OR_RETURN(const std::vector<Sample> samples, ReadSamples(archive));
  FEDGE_ASSIGN_OR_RETURN(EngineRunner runner, EngineRunner::Load(path, ComputeType::kFloat32));
  double largest = 0;
  for (const Sample& sample : samples) {
    FEDGE_ASSIGN_OR_RETURN(const std::vector<SampleTensor> answers, runner.Run(sample.inputs));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const double difference = LargestDifference(sample.outputs.at(i), answers[i]);
      if (difference > sample.tolerance) {
        return DataLoss(
            "the edge engine's '{}' differs from LibTorch's by {:.2g} of its largest value; "
            "{:.2g} is allowed",
            sample.outputs[i].name, difference, sample.tolerance);
      }
      largest = std::max(largest, difference);
    }
  }
  return largest;
}

std::string EngineName(const Model& model) {
  if (model.compute_type() == DType::kFloat32) return "edge engine";
  return fmt::format("edge engine in {}", DTypeName(model.compute_type()));
}

Result<LatencyReport> TimeEngine(const std::string& path, ComputeType compute,
                                 std::uint32_t threads) {
  FEDGE_ASSIGN_OR_RETURN(EngineRunner runner,
                         EngineRunner::Load(path, compute, static_cast<int>(threads)));
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
  FEDGE_ASSIGN_OR_RETURN(const std::vector<Sample> samples, ReadSamples(archive));
  if (samples.empty()) return FailedPrecondition("{}: has no golden sample", path);
  const std::vector<SampleTensor> inputs = FirstRows(samples[0].inputs, runner.model());
  FEDGE_RETURN_IF_ERROR(runner.Prepare(inputs));
  FEDGE_ASSIGN_OR_RETURN(const Timing timing, TimeRuns([&] { return runner.Again(); }));
  return LatencyReport{.runtime = EngineName(runner.model()),
                       .model = "after",
                       .median_ms = timing.median_ms,
                       .runs = timing.runs,
                       .threads = threads,
                       .batch = 1};
}

}  // namespace fedge
