#include "bind_options.h"

#include <string_view>

#include "fedge/cli/value.h"
#include "fedge/data/dataset_registry.h"
#include "fedge/data/partition/partition.h"

namespace fedge {
namespace {

using cli::Completion;

cli::Custom Reconnect(std::optional<Duration>& target) {
  return {.parse = [&target](std::string_view text) -> Status {
            if (text == "forever") {
              target.reset();
              return OkStatus();
            }
            auto duration = cli::ParseDuration(text);
            if (!duration.ok())
              return InvalidArgument("{}; or 'forever'", duration.status().message());
            target = *duration;
            return OkStatus();
          },
          .show = [&target] { return target ? cli::FormatDuration(*target) : "forever"; }};
}

template <typename Choice>
cli::Custom Word(Choice& target, Status (*parse)(std::string_view, Choice&),
                 std::vector<std::string_view> names) {
  return {
      .parse = [&target, parse](std::string_view text) { return parse(text, target); },
      .show = [&target, names] { return std::string(names[static_cast<std::size_t>(target)]); }};
}

template <typename Named>
std::vector<std::string> NamesOf(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.emplace_back(one.name);
  return names;
}

void BindConnection(cli::App& app, ClientOptions& options) {
  const std::string group = "Connection";
  app.Option("-c,--coordinator", &options.coordinator, "HOST:PORT", "where fl-coordinator listens",
             {.group = group, .environment = "FEDGE_COORDINATOR"});
  app.Option("--id", &options.id, "NAME",
             "what the coordinator knows this client by; of virtual clients the prefix",
             {.group = group, .default_text = "the host's name and random digits; client"});
  app.Option("--label", &options.labels, "KEY=VALUE",
             "lets rounds choose this client: fedctl start-round --where KEY=VALUE",
             {.group = group});
  app.Option("--role", &options.role, "ROLE",
             "trains, or scores each new global model on the test data",
             {.group = group, .choices = {"trainer", "evaluator"}});
  app.Option("--reconnect", Reconnect(options.reconnect), "TIME",
             "how long to try when the coordinator cannot be reached", {.group = group});
}

void BindData(cli::App& app, ClientOptions& options) {
  const std::string group = "Data";
  data::DatasetOptions& data = options.data;
  app.Option("--data", &data.name, "NAME",
             "the data set; NAME:PLACE names its file or folder as well",
             {.group = group, .suggestions = NamesOf(data::BuiltinDatasets().formats())});
  app.Option("--data-dir", &data.data_dir, "DIR", "folder of mnist or cifar10",
             {.group = group, .completion = Completion::kDirectory});
  app.Option("--data-file", &data.file, "FILE", "file of csv, text or pt",
             {.group = group, .completion = Completion::kFile});
  app.Option(
      "--test-file", &data.test_file, "FILE", "test data of csv, text or pt",
      {.group = group, .default_text = "a part of --data-file", .completion = Completion::kFile});
  app.Option("--test-fraction", &data.test_fraction, "F",
             "that part of csv, text or pt; training leaves it out",
             {.group = group, .min = 0, .max = 0.99});
  app.Option("--label-column", &data.label_column, "NAME", "csv: what is to be learned",
             {.group = group, .default_text = "the last column"});
  app.Option("--key-column", &data.key_column, "NAME",
             "csv: who owns the example, for --partition by-key", {.group = group});
  app.Option("--classes", &data.classes, "NAME",
             "csv: a class, in the order of the model's outputs; repeat it for each",
             {.group = group, .default_text = "those in the file, sorted"});
  app.Option("--target", Word(data.target, data::ParseTargetChoice, {"auto", "class", "real"}),
             "KIND", "csv, pt: whether labels are classes or numbers",
             {.group = group, .choices = {"auto", "class", "real"}});
  app.Option("--normalize",
             Word(data.normalization, data::ParseNormalization, {"none", "standardize"}), "HOW",
             "csv, pt: features to mean 0 and deviation 1",
             {.group = group, .choices = {"none", "standardize"}});
  app.Option("--sequence-length", &options.sequence_length, "N", "text: characters of one example",
             {.group = group, .min = 1, .max = 65'536});
  app.Option("--vocabulary", &data.vocabulary_file, "FILE",
             "text: whose characters are the vocabulary",
             {.group = group, .default_text = "--data-file", .completion = Completion::kFile});
}

void BindParts(cli::App& app, ClientOptions& options) {
  const std::string group = "Whose data";
  app.Option("--virtual", &options.num_virtual, "N",
             "runs N clients in this process, each with a part of the data",
             {.group = group, .default_text = "one client", .min = 0, .max = 100'000});
  app.Option("--partition", &options.partition, "HOW",
             "how the data are dealt out, see Partitions below",
             {.group = group,
              .default_text = "all data; iid with --virtual",
              .suggestions = NamesOf(data::BuiltinPartitions().methods())});
  app.Option(
      "--num-partitions", &options.num_partitions, "K", "into how many parts",
      {.group = group, .default_text = "as many as clients here", .min = 0, .max = 10'000'000});
  app.Option("--partition-index", &options.partition_index, "I",
             "which part, from 0; with --virtual the first one's",
             {.group = group, .min = 0, .max = 10'000'000});
  app.Option("--seed", &options.seed, "S",
             "of the partition and the holdout; every process of a federation uses the same",
             {.group = group});
  app.Option("--holdout", &options.holdout, "F",
             "part of each client's data kept from training, to measure on",
             {.group = group, .min = 0, .max = 0.99});
}

void BindTraining(cli::App& app, ClientOptions& options) {
  const std::string group = "Training";
  app.Option("--workers", &options.workers, "N",
             "clients that train at the same time, each with a copy of the model",
             {.group = group, .default_text = "one per core", .min = 0, .max = 1'024});
  app.Option("--threads-per-worker", &options.threads_per_worker, "N",
             "threads of one training step", {.group = group, .min = 1, .max = 1'024});
  app.Option("--loss", &options.loss, "NAME", "cross-entropy, nll, bce, mse or l1",
             {.group = group,
              .default_text = "what the model says",
              .choices = {"auto", "cross-entropy", "nll", "bce", "mse", "l1"}});
  app.Option("--device", &options.device, "DEVICE", "cpu, cuda or cuda:N", {.group = group});
  app.Option("--metrics-samples", &options.metrics_samples, "N",
             "examples on which a client without --holdout measures before and after; 0: none",
             {.group = group, .min = 0, .max = 1'000'000'000});
  app.Option(
      "--cache-dir", &options.cache_dir, "DIR",
      "where global models are kept while they are in use",
      {.group = group, .default_text = "TMPDIR or /tmp", .completion = Completion::kDirectory});
}

}  // namespace

void BindOptions(cli::App& app, ClientOptions& options) {
  BindConnection(app, options);
  BindData(app, options);
  BindParts(app, options);
  BindTraining(app, options);
  app.Option("--log-level", &options.log_level, "LEVEL", "what is written to stderr",
             {.group = "General", .choices = {"debug", "info", "warning", "error", "off"}});
}

}  // namespace fedge
