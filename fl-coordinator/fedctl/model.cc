// model export, model info.
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "fedge/fedctl/context.h"
#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/model_export.h"
#include "fedge/fedctl/model_info.h"

namespace fedge::fedctl {
namespace {

struct ExportOptions {
  std::optional<std::uint64_t> round;
  std::string output;
  bool force = false;
};

int Export(const Context& context, const ExportOptions& options) {
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
  exporting.Option("-o,--output", &options->output, "FILE", "where to write it",
                   {.required = true, .completion = cli::Completion::kFile});
  exporting.Flag("--force", &options->force, "overwrite FILE");
  exporting.Validate([options] { return CheckOutput(options->output, options->force); });
  exporting.Example("fedctl model export -o global.pt", "the newest model");
  exporting.Example("fedctl model export --round 7 -o round7.pt", "as it was after round 7");
  exporting.Run([&context, options] { return Export(context, *options); });

  const auto file = std::make_shared<std::string>();
  cli::Command& info = model.Subcommand("info", "what a .pt file holds; needs no coordinator");
  info.Positional("FILE", file.get(), "a TorchScript file",
                  {.required = true, .completion = cli::Completion::kFile});
  info.Example("fedctl model info global.pt", "parameters, shapes, sizes, where it came from");
  info.Run([&context, file] {
    const Result<ModelDescription> described = DescribeModel(*file, context.console.TableWidth());
    if (!described.ok()) return context.Fail(described.status());
    return context.Show(described->text, described->json);
  });
}

}  // namespace fedge::fedctl
