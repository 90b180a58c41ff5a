// model export, model info.
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "fedge/fedctl/context.h"
#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/model_export.h"
#include "fedge/fedctl/model_info.h"
#include "fedge/fedctl/output_file.h"

namespace fedge::fedctl {
namespace {

struct ExportOptions {
  std::optional<std::uint64_t> round;
  std::string output;
  bool force = false;
};

Status Check(const Context& context, const ExportOptions& options) {
  if (options.output != kStandardOutput) return CheckOutput(options.output, options.force);
  if (context.json) return InvalidArgument("-o - leaves no place for what --json writes");
  if (!context.console.terminal) return OkStatus();
  return InvalidArgument("-o - writes the model to a terminal; redirect it, or name a file");
}

int ExportToStandardOutput(const Context& context, const ExportOptions& options) {
  AdminClient client = context.Connect();
  const Result<ExportedModel> model = ExportModel(client, options.round, context.console);
  return model.ok() ? static_cast<int>(cli::kExitDone) : context.Fail(model.status());
}

int Export(const Context& context, const ExportOptions& options) {
  if (options.output == kStandardOutput) return ExportToStandardOutput(context, options);
  AdminClient client = context.Connect();
  const Result<ExportedModel> model = ExportModel(client, options.round, options.output);
  if (!model.ok()) return context.Fail(model.status());
  JsonWriter json = BeginDocument("exported");
  json.Member("path", options.output)
      .Member("round", model->round)
      .Member("bytes", model->size)
      .Member("sha256", model->digest.Hex())
      .EndObject();
  return context.Show(fmt::format("{}: the model after round {}, {}, sha256 {}\n", options.output,
                                  model->round, HumanBytes(model->size), model->digest.Hex()),
                      json.Take());
}

}  // namespace

void AddModel(Context& context, cli::App& app) {
  cli::Command& model = app.Subcommand("model", "the global model");
  const auto options = std::make_shared<ExportOptions>();
  cli::Command& exporting = model.Subcommand("export", "writes the global model to a file");
  exporting.Option("--round", &options->round, "K", "the model after round K",
                   {.default_text = "the newest"});
  exporting.Option("-o,--output", &options->output, "FILE",
                   "where to write it; -: to standard output",
                   {.required = true, .completion = cli::Completion::kFile});
  exporting.Flag("--force", &options->force, "overwrite FILE");
  exporting.Validate([&context, options] { return Check(context, *options); });
  exporting.Example("fedctl model export -o global.pt", "the newest model");
  exporting.Example("fedctl model export --round 7 -o round7.pt", "as it was after round 7");
  exporting.Example("fedctl model export -o - | ssh edge 'cat > global.pt'", "to another machine");
  exporting.Run([&context, options] { return Export(context, *options); });

  const auto file = std::make_shared<std::string>();
  cli::Command& info = model.Subcommand("info", "what a .pt file holds; needs no coordinator");
  info.Positional("FILE", file.get(), "a TorchScript file",
                  {.required = true, .completion = cli::Completion::kFile});
  info.Example("fedctl model info global.pt", "parameters, shapes, sizes, where it came from");
  info.Run([&context, file] {
    const Result<ModelDescription> described = DescribeModel(*file, context.console.TableWidth());
    if (!described.ok()) {
      context.console.Complain(described.status().message());  // of a file, not of a coordinator
      return static_cast<int>(cli::kExitFailed);
    }
    return context.Show(described->text, described->json);
  });
}

}  // namespace fedge::fedctl
