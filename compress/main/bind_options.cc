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

void BindData(cli::App& app, CompressOptions& options) {
  const std::string group = "Data";
  DataSource& eval = options.eval;
  app.Option(
      "--eval", &eval.place, "DATA",
      "measures accuracy before and after: digits, mnist:DIR, cifar10:DIR, or a file of csv, "
      "pt or text; tells the shape of the input as well",
      {.group = group, .default_text = "accuracy is not measured"});
  app.Option("--label-column", &eval.label_column, "NAME", "csv: the column of the right answer",
             {.group = group, .default_text = "the last column"});
  app.Option("--classes", &eval.classes, "NAME",
             "csv: a class, in the order of the model's outputs; repeat it for each",
             {.group = group, .default_text = "those in the file, sorted"});
  app.Option("--vocabulary", &eval.vocabulary, "FILE", "text: whose characters are the vocabulary",
             {.group = group, .default_text = "the text itself", .completion = Completion::kFile});
  app.Option("--sequence-length", &eval.sequence_length, "N", "text: characters of one example",
             {.group = group, .min = 1, .max = 65'536});
}

void BindReport(cli::App& app, CompressOptions& options) {
  const std::string group = "Report";
  app.Flag("--json", &options.json, "as one JSON document instead of a table", {.group = group});
  app.Flag("--no-measure", &options.no_measure,
           "leaves out how long the model takes, which takes seconds", {.group = group});
  app.Option("--threads", &options.threads, "N", "threads of one run that is timed",
             {.group = group, .min = 1, .max = 1'024});
  app.Option("--compute", &options.compute, "TYPE",
             "what the edge engine computes in while it is measured; auto: as the weights are "
             "stored, where the CPU can",
             {.group = group, .choices = {"auto", "fp32", "bf16", "fp16"}});
}

}  // namespace

void BindOptions(cli::App& app, CompressOptions& options) {
  app.Positional("MODEL", &options.model, "a TorchScript file, as torch.jit.save writes it",
                 {.group = "Files", .required = true, .completion = Completion::kFile});
  BindMethods(app, options);
  BindFiles(app, options);
  BindData(app, options);
  BindReport(app, options);
}

}  // namespace fedge
