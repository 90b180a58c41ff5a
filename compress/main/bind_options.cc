#include "bind_options.h"

namespace fedge {
namespace {

using cli::Completion;

void BindMethods(cli::App& app, CompressOptions& options) {
  const std::string group = "Method";
  app.Flag("--fp16", &options.fp16, "stores weights as float16: half the size", {.group = group});
  app.Flag("--bf16", &options.bf16, "stores weights as bfloat16: half the size, a wider range",
           {.group = group});
}

void BindFiles(cli::App& app, CompressOptions& options) {
  const std::string group = "Files";
  app.Option("-o,--output", &options.output, "FILE", "where the result goes",
             {.group = group,
              .default_text = "MODEL.edge.pt, MODEL.fp16.pt ...",
              .completion = Completion::kFile});
  app.Flag("--force", &options.force, "replaces a file that is there already", {.group = group});
  app.Flag("--dry-run", &options.dry_run, "does everything but write the result", {.group = group});
  app.Option("--input", &options.inputs, "[NAME=]SHAPE[:DTYPE]",
             "what forward takes, the batch first: 1x3x224x224, tokens=1x80:int64; once for each "
             "input",
             {.group = group, .default_text = "what the file says"});
}

void BindReport(cli::App& app, CompressOptions& options) {
  const std::string group = "Report";
  app.Flag("--json", &options.json, "as one JSON document instead of a table", {.group = group});
  app.Flag("--no-measure", &options.no_measure,
           "leaves out how long the model takes, which takes seconds", {.group = group});
  app.Option("--threads", &options.threads, "N", "threads of one run that is timed",
             {.group = group, .min = 1, .max = 1'024});
}

}  // namespace

void BindOptions(cli::App& app, CompressOptions& options) {
  app.Positional("MODEL", &options.model, "a TorchScript file, as torch.jit.save writes it",
                 {.group = "Files", .required = true, .completion = Completion::kFile});
  BindMethods(app, options);
  BindFiles(app, options);
  BindReport(app, options);
}

}  // namespace fedge
