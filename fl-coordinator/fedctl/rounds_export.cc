// rounds export: the rounds as a table for other programs.
#include "fedge/fedctl/rounds_export.h"

#include <cmath>
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/output_file.h"
#include "fedge/fedctl/round_pages.h"
#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

constexpr std::string_view kColumns =
    "round,run,index_in_run,phase,started,ended,seconds,train_seconds,aggregate_seconds,selected,"
    "accepted,refused,failed,late,surplus,examples,bytes_down,bytes_up,train_loss_before,"
    "train_accuracy_before,train_loss,train_accuracy,evaluation_loss,evaluation_accuracy,"
    "evaluation_examples,model_sha256,model_crc32,error";

constexpr char kDescription[] =
    "One row per round, oldest first; a cell is empty where there is nothing to say. Cells with "
    "commas, quotes or line breaks are quoted as RFC 4180 has it.";

constexpr char kColumnsHelp[] =
    "round, run, index_in_run    from 1; a retry has the index of the round that failed\n"
    "phase                       COMPLETED, ERROR, or where the round is now\n"
    "started, ended              UTC, as ISO 8601 has it\n"
    "seconds                     of the whole round\n"
    "train_seconds               from the plan to the last accepted update\n"
    "aggregate_seconds           from there to the new model\n"
    "selected, accepted, refused, failed, late, surplus\n"
    "                            how many clients were asked, and what became of their updates\n"
    "examples                    that the accepted clients trained on\n"
    "bytes_down, bytes_up        payload of models and updates\n"
    "train_loss_before, train_accuracy_before, train_loss, train_accuracy\n"
    "                            means over the accepted clients, weighted with their examples,\n"
    "                            before and after their training; accuracies are 0 to 1\n"
    "evaluation_loss, evaluation_accuracy, evaluation_examples\n"
    "                            the evaluators' verdict on the round's global model\n"
    "model_sha256, model_crc32   of that model's file\n"
    "error                       why the round failed";

class Row {
 public:
  template <typename Value>
  Row& Add(const Value& value) {
    return Cell(fmt::format("{}", value));
  }
  Row& Cell(std::string_view text) {
    if (!line_.empty()) line_ += ',';
    line_ += CsvCell(text);
    return *this;
  }
  Row& Time(std::int64_t unix_ms) {
    if (unix_ms == 0) return Cell("");
    return Add(fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                           fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)),
                           unix_ms % 1'000));
  }
  // Loss and accuracy.
  Row& Measured(const v1::Metrics& metrics) {
    if (metrics.num_examples() == 0) return Cell("").Cell("");
    Add(metrics.loss());
    return std::isnan(metrics.accuracy()) ? Cell("") : Add(metrics.accuracy());
  }
  std::string Take() { return std::move(line_) + "\n"; }

 private:
  std::string line_;
};

std::string RoundRow(const v1::RoundSummary& round) {
  Row row;
  row.Add(round.round()).Add(round.run()).Add(round.index_in_run());
  row.Cell(v1::Phase_Name(round.phase()));
  row.Time(round.started_unix_ms()).Time(round.ended_unix_ms());
  const std::int64_t milliseconds = round.ended_unix_ms() - round.started_unix_ms();
  if (round.ended_unix_ms() == 0) {
    row.Cell("");
  } else {
    row.Add(static_cast<double>(milliseconds) / 1'000);
  }
  row.Add(round.train_seconds()).Add(round.aggregate_seconds());
  const v1::TaskCounts& tasks = round.tasks();
  row.Add(tasks.selected()).Add(tasks.accepted()).Add(tasks.refused()).Add(tasks.failed());
  row.Add(tasks.late()).Add(tasks.surplus());
  row.Add(round.num_examples()).Add(round.bytes_down()).Add(round.bytes_up());
  row.Measured(round.train_before()).Measured(round.train_after()).Measured(round.evaluation());
  row.Add(round.evaluation().num_examples());
  const Result<Digest> digest = DigestFromBytes(round.model_digest());
  row.Cell(digest.ok() ? digest->Hex() : "");
  row.Cell(digest.ok() ? fmt::format("{:08x}", round.model_crc32()) : "");
  row.Cell(Printable(round.error()));
  return row.Take();
}

struct ExportOptions {
  bool csv = false;
  std::uint64_t run = 0;
  std::string output = std::string(kStandardOutput);
  bool force = false;
};

Status CheckFormat(const Context& context, const ExportOptions& options) {
  if (options.csv == context.json)
    return InvalidArgument("choose what to write: either --csv or --json");
  return CheckResultOutput(options.output, options.force);
}

int Export(const Context& context, const ExportOptions& options) {
  AdminClient client = context.Connect();
  const Result<std::vector<v1::RoundSummary>> rounds = RoundsOf(client, options.run);
  if (!rounds.ok()) return context.Fail(rounds.status());
  std::string text;
  if (options.csv) {
    text = RoundsCsv(*rounds);
  } else {
    v1::ListRoundsResponse all;
    all.mutable_rounds()->Assign(rounds->begin(), rounds->end());
    text = RoundsJson(all) + "\n";
  }
  if (const Status status = WriteOutput(context.console, options.output, text); !status.ok())
    return context.Fail(status);
  if (options.output != kStandardOutput && !context.quiet) {
    context.console.Print(fmt::format("{}: {} round{}, {}\n", options.output, rounds->size(),
                                      rounds->size() == 1 ? "" : "s", HumanBytes(text.size())));
  }
  return cli::kExitDone;
}

}  // namespace

std::string CsvCell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

std::string RoundsCsv(const std::vector<v1::RoundSummary>& rounds) {
  std::string csv(kColumns);
  csv += '\n';
  for (const v1::RoundSummary& round : rounds) csv += RoundRow(round);
  return csv;
}

void AddRoundsExport(Context& context, cli::Command& rounds) {
  const auto options = std::make_shared<ExportOptions>();
  cli::Command& command = rounds.Subcommand("export", "all rounds as a table, for other programs");
  command.Description(kDescription);
  command.Flag("--csv", &options->csv, "comma-separated values, with a line of column names");
  command.Option("--run", &options->run, "ID", "of this run only", {.default_text = "all runs"});
  command.Option("-o,--output", &options->output, "FILE", "where to write it; '-': standard output",
                 {.completion = cli::Completion::kFile});
  command.Flag("--force", &options->force, "overwrite FILE");
  command.Section("Columns", kColumnsHelp);
  command.Example("fedctl rounds export --csv -o rounds.csv", "for a spreadsheet or pandas");
  command.Example("fedctl rounds export --csv --run 3 | cut -d, -f1,24", "accuracies of run 3");
  command.Validate([&context, options] { return CheckFormat(context, *options); });
  command.Run([&context, options] { return Export(context, *options); });
}

}  // namespace fedge::fedctl
