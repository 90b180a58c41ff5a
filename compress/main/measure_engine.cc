#include "measure_engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/hash.h"
#include "fedge/engine/context.h"
#include "fedge/engine/model.h"
#include "fedge/engine/providers.h"
#include "fedge/program/samples.h"
#include "fedge/tensor/dtype.h"
#include "fedge/tensor/number.h"

namespace fedge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWarmUpRuns = 3;
constexpr std::size_t kMinRuns = 5;
constexpr std::size_t kMaxRuns = 200;
constexpr std::chrono::milliseconds kMeasureFor{500};

// Buffers of a context's inputs and outputs.
struct Buffers {
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::vector<std::byte>> kept;
  std::vector<std::span<std::byte>> outputs;
};

// The first `batch` rows of a sample's inputs, and room for what comes of them.
Buffers BuffersFor(const Model& model, const Sample& sample, std::int64_t batch) {
  Buffers buffers;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    std::size_t bytes = DTypeSize(model.inputs()[i].dtype);
    for (const Dim& dim : model.inputs()[i].shape) bytes *= static_cast<std::size_t>(dim.At(batch));
    buffers.inputs.push_back(AsBytes(sample.inputs.at(i).data).first(bytes));
  }
  for (const ModelPort& port : model.outputs()) {
    std::size_t bytes = DTypeSize(port.dtype);
    for (const Dim& dim : port.shape) bytes *= static_cast<std::size_t>(dim.At(batch));
    buffers.kept.emplace_back(bytes);
  }
  buffers.outputs.assign(buffers.kept.begin(), buffers.kept.end());
  return buffers;
}

double Difference(const SampleTensor& expected, std::span<const std::byte> answer) {
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < answer.size() / DTypeSize(expected.dtype); ++i) {
    const double want = NumberAt(expected.dtype, AsBytes(expected.data), i);
    const double got = NumberAt(expected.dtype, answer, i);
    largest = std::max(largest, std::abs(want));
    if (want != got && !(std::isnan(want) && std::isnan(got)))
      difference = std::max(difference, std::isfinite(got) ? std::abs(want - got) : HUGE_VAL);
  }
  return difference == 0 ? 0 : difference / largest;
}

Result<LatencyReport> Time(Context& context, const Buffers& buffers) {
  for (std::size_t i = 0; i < kWarmUpRuns; ++i)
    FEDGE_RETURN_IF_ERROR(context.Run(1, buffers.inputs, buffers.outputs));
  std::vector<double> milliseconds;
  const Clock::time_point end = Clock::now() + kMeasureFor;
  while (milliseconds.size() < kMinRuns || (milliseconds.size() < kMaxRuns && Clock::now() < end)) {
    const Clock::time_point start = Clock::now();
    FEDGE_RETURN_IF_ERROR(context.Run(1, buffers.inputs, buffers.outputs));
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  const auto middle = milliseconds.begin() + static_cast<std::ptrdiff_t>(milliseconds.size() / 2);
  std::nth_element(milliseconds.begin(), middle, milliseconds.end());
  return LatencyReport{.runtime = "edge engine",
                       .model = "after",
                       .median_ms = *middle,
                       .runs = static_cast<std::uint32_t>(milliseconds.size()),
                       .threads = 1,
                       .batch = 1};
}

}  // namespace

Result<EngineReport> MeasureEngine(const std::string& path, bool time) {
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::Open(path));
  FEDGE_ASSIGN_OR_RETURN(const std::vector<Sample> samples, ReadSamples(archive));
  FEDGE_ASSIGN_OR_RETURN(const auto model, Model::Load(path, {.providers = DefaultProviders(),
                                                              .compute = ComputeType::kFloat32}));
  Context context(model);
  EngineReport report;
  for (const Sample& sample : samples) {
    std::vector<Dims> shapes;
    for (const SampleTensor& input : sample.inputs) shapes.push_back(input.shape);
    FEDGE_ASSIGN_OR_RETURN(const std::int64_t batch, model->BatchOf(shapes));
    const Buffers buffers = BuffersFor(*model, sample, batch);
    FEDGE_RETURN_IF_ERROR(context.Run(batch, buffers.inputs, buffers.outputs));
    for (std::size_t i = 0; i < buffers.outputs.size(); ++i) {
      const double difference = Difference(sample.outputs.at(i), buffers.outputs[i]);
      if (difference > sample.tolerance) {
        return DataLoss(
            "{}: the edge engine's '{}' differs from LibTorch's by {:.2g} of its largest value; "
            "{:.2g} is allowed",
            path, sample.outputs[i].name, difference, sample.tolerance);
      }
      report.difference = std::max(report.difference, difference);
    }
  }
  if (time && !samples.empty()) {
    const Buffers one = BuffersFor(*model, samples[0], 1);
    FEDGE_ASSIGN_OR_RETURN(report.latency, Time(context, one));
  }
  return report;
}

}  // namespace fedge
