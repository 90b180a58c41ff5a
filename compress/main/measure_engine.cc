#include "measure_engine.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "engine_runner.h"
#include "fedge/archive/archive.h"
#include "fedge/common/hash.h"
#include "fedge/compress_report/timing.h"
#include "fedge/engine/model.h"
#include "fedge/program/samples.h"
#include "fedge/tensor/dtype.h"
#include "fedge/tensor/number.h"

namespace fedge {
namespace {

double Difference(const SampleTensor& expected, const SampleTensor& answer) {
  const std::size_t size = DTypeSize(expected.dtype);
  const std::byte* const wanted = AsBytes(expected.data).data();
  const std::byte* const gotten = AsBytes(answer.data).data();
  double largest = 0;
  double difference = 0;
  for (std::size_t at = 0; at < answer.data.size(); at += size) {
    const double want = LoadNumber(expected.dtype, wanted + at);
    const double got = LoadNumber(expected.dtype, gotten + at);
    largest = std::max(largest, std::abs(want));
    if (want != got && !(std::isnan(want) && std::isnan(got)))
      difference = std::max(difference, std::isfinite(got) ? std::abs(want - got) : HUGE_VAL);
  }
  return difference == 0 ? 0 : difference / largest;
}

}  // namespace

Result<double> CompareWithSamples(const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
  FEDGE_ASSIGN_OR_RETURN(const std::vector<Sample> samples, ReadSamples(archive));
  FEDGE_ASSIGN_OR_RETURN(EngineRunner runner, EngineRunner::Load(path, ComputeType::kFloat32));
  double largest = 0;
  for (const Sample& sample : samples) {
    FEDGE_ASSIGN_OR_RETURN(const std::vector<SampleTensor> answers, runner.Run(sample.inputs));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const double difference = Difference(sample.outputs.at(i), answers[i]);
      if (difference > sample.tolerance) {
        return DataLoss(
            "{}: the edge engine's '{}' differs from LibTorch's by {:.2g} of its largest value; "
            "{:.2g} is allowed",
            path, sample.outputs[i].name, difference, sample.tolerance);
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
