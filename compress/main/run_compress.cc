#include "run_compress.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine_runner.h"
#include "fedge/cli/exit_code.h"
#include "fedge/compress_eval/evaluation.h"
#include "fedge/compress_main/input_spec.h"
#include "fedge/compress_report/report.h"
#include "fedge/compress_torch/half_module.h"
#include "fedge/compress_torch/torch_model.h"
#include "measure_engine.h"
#include "peak_memory.h"
#include "write_model.h"

namespace fedge {
namespace {

constexpr std::string_view kProgram = "compress";
constexpr std::uint64_t kSampleSeed = 1;
constexpr std::int64_t kSampleBatch = 2;  // so that the batch is not taken for a 1

// The input, lowered, and what it answers.
struct Before {
  std::unique_ptr<const Archive> archive;  // which the model refers to
  TorchModel model;
  std::vector<LowerInput> inputs;
  LoweredModel lowered;
  Sample sample;
  std::optional<ModelSchema> schema;
  std::optional<Evaluation> evaluation;
  std::vector<std::int64_t> chosen;  // by the model, of the evaluation's classes
};

Result<std::shared_ptr<const data::Dataset>> LoadData(const CompressOptions& options) {
  if (!options.evaluates()) return std::shared_ptr<const data::Dataset>();
  auto data = options.eval.LoadTest();
  if (!data.ok()) return data.status().WithContext("--eval");
  return data;
}

Result<std::optional<Evaluation>> MakeEvaluation(std::shared_ptr<const data::Dataset> data,
                                                 const Program& program) {
  if (data == nullptr) return std::optional<Evaluation>();
  auto input = OnlyInput(program);
  if (!input.ok()) return input.status().WithContext("--eval");
  auto evaluation = Evaluation::Make(std::move(data), *input);
  if (!evaluation.ok()) return evaluation.status().WithContext("--eval");
  return std::optional(std::move(*evaluation));
}

Result<Before> ReadInput(const CompressOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(Archive opened, Archive::Open(options.model));
  auto archive = std::make_unique<const Archive>(std::move(opened));
  FEDGE_RETURN_IF_ERROR(archive->Verify());
  FEDGE_ASSIGN_OR_RETURN(auto schema, ReadSchema(*archive));
  FEDGE_ASSIGN_OR_RETURN(TorchModel model, TorchModel::Load(*archive));
  FEDGE_ASSIGN_OR_RETURN(auto data, LoadData(options));
  auto inputs = InputsOf(options.inputs, schema, data != nullptr ? &data->info() : nullptr);
  if (!inputs.ok()) return inputs.status().WithContext(options.model);
  FEDGE_ASSIGN_OR_RETURN(LoweredModel lowered, model.Lower(*inputs));
  FEDGE_ASSIGN_OR_RETURN(auto evaluation, MakeEvaluation(std::move(data), lowered.program));
  FEDGE_ASSIGN_OR_RETURN(Sample sample,
                         model.MakeSample(lowered.program, kSampleBatch, kSampleSeed));
  return Before{.archive = std::move(archive),
                .model = std::move(model),
                .inputs = std::move(*inputs),
                .lowered = std::move(lowered),
                .sample = std::move(sample),
                .schema = std::move(schema),
                .evaluation = std::move(evaluation),
                .chosen = {}};
}

// The classes that a model chooses, and how often it is right.
Result<std::vector<std::int64_t>> Evaluate(const Evaluation& evaluation, const Forward& forward,
                                           std::string runtime, std::string when,
                                           CompressReport& report) {
  auto chosen = evaluation.Choose(forward);
  if (!chosen.ok()) return chosen.status().WithContext("--eval");
  AccuracyReport accuracy = evaluation.Score(*chosen);
  accuracy.runtime = std::move(runtime);
  accuracy.model = std::move(when);
  report.accuracies.push_back(std::move(accuracy));
  return chosen;
}

std::vector<std::string> Specs(const std::vector<LowerInput>& inputs) {
  std::vector<std::string> specs;
  for (const LowerInput& input : inputs) specs.push_back(ToSpec(input));
  return specs;
}

// Memory is told where the system tells it.
void AddMemory(Runtime runtime, const std::string& path, const Before& before,
               const CompressOptions& options, std::string when, CompressReport& report) {
  const auto peak = MeasurePeakMemory(runtime, path, Specs(before.inputs), options.compute_type());
  if (!peak.ok()) return;
  report.memories.push_back(
      {.runtime = RuntimeName(runtime), .model = std::move(when), .peak_bytes = *peak});
}

Status MeasureBefore(Before& before, const CompressOptions& options, CompressReport& report) {
  const TorchModel& model = before.model;
  if (options.measure()) {
    FEDGE_ASSIGN_OR_RETURN(const Sample one,
                           model.MakeSample(before.lowered.program, 1, kSampleSeed));
    FEDGE_ASSIGN_OR_RETURN(LatencyReport latency, model.Measure(one, options.threads));
    latency.model = "before";
    report.latencies.push_back(std::move(latency));
    AddMemory(Runtime::kLibTorch, options.model, before, options, "before", report);
  }
  if (!before.evaluation) return OkStatus();
  const auto forward = [&](std::span<const SampleTensor> inputs) { return model.Run(inputs); };
  FEDGE_ASSIGN_OR_RETURN(
      before.chosen,
      Evaluate(*before.evaluation, forward, RuntimeName(Runtime::kLibTorch), "before", report));
  return OkStatus();
}

// What is told of a compressed module as LibTorch runs it.
Status MeasureModule(const TorchModel& model, const Before& before, const Program& program,
                     const CompressOptions& options, CompressReport& report) {
  FEDGE_ASSIGN_OR_RETURN(report.output_difference, model.Difference(before.sample));
  if (!options.measure()) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const Sample one, model.MakeSample(program, 1, kSampleSeed));
  FEDGE_ASSIGN_OR_RETURN(LatencyReport latency, model.Measure(one, options.threads));
  latency.model = "after";
  report.latencies.push_back(std::move(latency));
  return OkStatus();
}

std::uint64_t CountDifferent(const std::vector<std::int64_t>& a,
                             const std::vector<std::int64_t>& b) {
  std::uint64_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different += a[i] != b.at(i) ? 1U : 0U;
  return different;
}

// What is told of the written file as the edge engine runs it.
Status MeasureFile(const std::string& path, const Before& before, const CompressOptions& options,
                   CompressReport& report) {
  FEDGE_ASSIGN_OR_RETURN(report.engine_difference, CompareWithSamples(path));
  if (options.measure()) {
    FEDGE_ASSIGN_OR_RETURN(LatencyReport latency,
                           TimeEngine(path, options.compute_type(), options.threads));
    report.latencies.push_back(std::move(latency));
    AddMemory(Runtime::kEdgeEngine, path, before, options, "after", report);
  }
  if (!before.evaluation) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(EngineRunner runner, EngineRunner::Load(path, options.compute_type()));
  const auto forward = [&](std::span<const SampleTensor> inputs) { return runner.Run(inputs); };
  FEDGE_ASSIGN_OR_RETURN(
      const std::vector<std::int64_t> chosen,
      Evaluate(*before.evaluation, forward, EngineName(runner.model()), "after", report));
  report.disagreements = CountDifferent(chosen, before.chosen);
  return OkStatus();
}

Status Write(const Archive& base, const ModelExtras& extras, const Before& before,
             const CompressOptions& options, CompressReport& report) {
  const std::string output = options.output.empty() ? options.DefaultOutput() : options.output;
  const auto prove = [&](const std::string& path) {
    return MeasureFile(path, before, options, report);
  };
  const bool keep = !options.dry_run;
  FEDGE_ASSIGN_OR_RETURN(report.file_bytes_after, WriteModel(base, extras, output, keep, prove));
  if (keep) report.output = output;
  return OkStatus();
}

Status LowerOnly(const Before& before, const CompressOptions& options, CompressReport& report) {
  DescribeWeights(before.lowered.program, {}, report);
  report.oldest_libtorch = before.model.OldestLibTorch();
  return Write(*before.archive,
               {.lowered = before.lowered,
                .sample = before.sample,
                .schema = before.schema,
                .provenance = ProvenanceToJson(options.method(), *before.archive)},
               before, options, report);
}

// The written module is opened, lowered and run like any other: what it carries is its own.
Status Halve(const Before& before, const CompressOptions& options, CompressReport& report) {
  const DType half = options.fp16 ? DType::kFloat16 : DType::kBFloat16;
  FEDGE_ASSIGN_OR_RETURN(const HalfModule module,
                         WriteHalfModule(*before.archive, before.lowered, half));
  DescribeWeights(before.lowered.program, module.changes, report);
  report.kept = module.kept;
  FEDGE_ASSIGN_OR_RETURN(const Archive archive,
                         Archive::FromBytes(AsBytes(module.file), options.model));
  FEDGE_ASSIGN_OR_RETURN(const TorchModel model, TorchModel::Load(archive));
  std::vector<LowerInput> inputs;
  for (const Port& port : before.lowered.program.inputs) {
    const Value& value = before.lowered.program.values[port.value];
    inputs.push_back({.name = port.name, .dtype = value.dtype, .shape = value.shape});
  }
  FEDGE_ASSIGN_OR_RETURN(LoweredModel lowered, model.Lower(inputs));
  for (std::size_t i = 0; i < lowered.program.outputs.size(); ++i) {
    lowered.program.outputs[i].name = before.lowered.program.outputs.at(i).name;
  }
  FEDGE_ASSIGN_OR_RETURN(const Sample sample,
                         model.MakeSample(lowered.program, kSampleBatch, kSampleSeed));
  FEDGE_RETURN_IF_ERROR(MeasureModule(model, before, lowered.program, options, report));
  report.oldest_libtorch = model.OldestLibTorch();
  return Write(archive,
               {.lowered = lowered,
                .sample = sample,
                .schema = before.schema,
                .provenance = ProvenanceToJson(options.method(), *before.archive)},
               before, options, report);
}

Result<CompressReport> Compress(const CompressOptions& options) {
  const std::string output = options.output.empty() ? options.DefaultOutput() : options.output;
  FEDGE_RETURN_IF_ERROR(CheckOutput(options.model, output, options.force));
  FEDGE_ASSIGN_OR_RETURN(Before before, ReadInput(options));
  CompressReport report{.input = options.model,
                        .output = {},
                        .method = options.method(),
                        .file_bytes_before = before.archive->file_size()};
  report.cpu = CpuName();
  FEDGE_RETURN_IF_ERROR(MeasureBefore(before, options, report));
  FEDGE_RETURN_IF_ERROR(options.fp16 || options.bf16 ? Halve(before, options, report)
                                                     : LowerOnly(before, options, report));
  return report;
}

}  // namespace

int RunCompress(const CompressOptions& options, bool quiet) {
  const auto report = Compress(options);
  if (!report.ok()) return cli::Fail(kProgram, report.status());
  const std::string text = options.json ? ReportToJson(*report) + "\n" : ReportToText(*report);
  if (!quiet || options.json) std::fputs(text.c_str(), stdout);
  return cli::kExitDone;
}

}  // namespace fedge
