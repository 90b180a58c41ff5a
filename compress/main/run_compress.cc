#include "run_compress.h"

#include <cstdio>
#include <memory>
#include <optional>

#include "fedge/cli/exit_code.h"
#include "fedge/compress_main/input_spec.h"
#include "fedge/compress_report/report.h"
#include "fedge/compress_torch/half_module.h"
#include "fedge/compress_torch/torch_model.h"
#include "measure_engine.h"
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
  LoweredModel lowered;
  Sample sample;
  std::optional<ModelSchema> schema;
};

Result<Before> ReadInput(const CompressOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(Archive opened, Archive::Open(options.model));
  auto archive = std::make_unique<const Archive>(std::move(opened));
  FEDGE_RETURN_IF_ERROR(archive->Verify());
  FEDGE_ASSIGN_OR_RETURN(auto schema, ReadSchema(*archive));
  FEDGE_ASSIGN_OR_RETURN(TorchModel model, TorchModel::Load(*archive));
  auto inputs = InputsOf(options.inputs, schema);
  if (!inputs.ok()) return inputs.status().WithContext(options.model);
  FEDGE_ASSIGN_OR_RETURN(LoweredModel lowered, model.Lower(*inputs));
  FEDGE_ASSIGN_OR_RETURN(Sample sample,
                         model.MakeSample(lowered.program, kSampleBatch, kSampleSeed));
  return Before{std::move(archive), std::move(model), std::move(lowered), std::move(sample),
                std::move(schema)};
}

Status Measure(const TorchModel& model, const Program& program, const CompressOptions& options,
               std::string_view when, CompressReport& report) {
  if (!options.measure()) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const Sample one, model.MakeSample(program, 1, kSampleSeed));
  FEDGE_ASSIGN_OR_RETURN(LatencyReport latency, model.Measure(one, options.threads));
  latency.model = when;
  report.latencies.push_back(std::move(latency));
  return OkStatus();
}

void CountWeights(CompressReport& report) {
  for (const LayerReport& layer : report.layers) {
    report.weight_bytes_before += layer.bytes_before;
    report.weight_bytes_after += layer.bytes_after;
  }
}

Status Write(const Archive& base, const ModelExtras& extras, const CompressOptions& options,
             CompressReport& report) {
  if (options.dry_run) return OkStatus();
  const std::string output = options.output.empty() ? options.DefaultOutput() : options.output;
  const auto prove = [&](const std::string& path) -> Status {
    FEDGE_ASSIGN_OR_RETURN(EngineReport engine, MeasureEngine(path, options.measure()));
    report.engine_difference = engine.difference;
    if (engine.latency) report.latencies.push_back(std::move(*engine.latency));
    return OkStatus();
  };
  FEDGE_ASSIGN_OR_RETURN(report.file_bytes_after, WriteModel(base, extras, output, prove));
  report.output = output;
  return OkStatus();
}

Status LowerOnly(const Before& before, const CompressOptions& options, CompressReport& report) {
  report.layers = DescribeLayers(before.lowered.program, {});
  report.oldest_libtorch = before.model.OldestLibTorch();
  return Write(*before.archive,
               {.lowered = before.lowered,
                .sample = before.sample,
                .schema = before.schema,
                .provenance = ProvenanceToJson(options.method(), *before.archive)},
               options, report);
}

// The written module is opened, lowered and run like any other: what it carries is its own.
Status Halve(const Before& before, const CompressOptions& options, CompressReport& report) {
  const DType half = options.fp16 ? DType::kFloat16 : DType::kBFloat16;
  FEDGE_ASSIGN_OR_RETURN(const HalfModule module,
                         WriteHalfModule(*before.archive, before.lowered, half));
  report.layers = DescribeLayers(before.lowered.program, module.changes);
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
  FEDGE_ASSIGN_OR_RETURN(report.output_difference, model.Difference(before.sample));
  FEDGE_RETURN_IF_ERROR(Measure(model, lowered.program, options, "after", report));
  report.oldest_libtorch = model.OldestLibTorch();
  return Write(archive,
               {.lowered = lowered,
                .sample = sample,
                .schema = before.schema,
                .provenance = ProvenanceToJson(options.method(), *before.archive)},
               options, report);
}

Result<CompressReport> Compress(const CompressOptions& options) {
  const std::string output = options.output.empty() ? options.DefaultOutput() : options.output;
  if (!options.dry_run) FEDGE_RETURN_IF_ERROR(CheckOutput(options.model, output, options.force));
  FEDGE_ASSIGN_OR_RETURN(const Before before, ReadInput(options));
  CompressReport report{.input = options.model,
                        .output = {},
                        .method = options.method(),
                        .file_bytes_before = before.archive->file_size()};
  report.cpu = CpuName();
  FEDGE_RETURN_IF_ERROR(Measure(before.model, before.lowered.program, options, "before", report));
  FEDGE_RETURN_IF_ERROR(options.fp16 || options.bf16 ? Halve(before, options, report)
                                                     : LowerOnly(before, options, report));
  CountWeights(report);
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
