#include <csignal>

#include "bind_options.h"
#include "fedge/cli/app.h"
#include "fedge/data/dataset_registry.h"
#include "fedge/data/partition/partition.h"
#include "new_model.h"
#include "run_client.h"

int main(int argc, char** argv) {
  // A reader of our log that went away is no reason to leave the coordinator without a word.
  ::signal(SIGPIPE, SIG_IGN);
  fedge::ClientOptions options;
  fedge::NewModelOptions new_model;
  fedge::cli::App app("fl-client", "trains the global model on data that stay here");
  app.Description(
      "Joins a coordinator (fl-coordinator) and waits for rounds. In each round that it is chosen "
      "for it fetches the global "
      "model, trains it on its own data and sends back what changed, never the data. It goes on "
      "until it is stopped, over "
      "lost connections and restarts of the coordinator.");
  fedge::BindOptions(app, options);
  fedge::BindNewModel(app, new_model);
  app.Section("Data sets", fedge::data::BuiltinDatasets().Help());
  app.Section("Partitions", fedge::data::BuiltinPartitions().Help());
  app.Example(
      "fl-client --coordinator 10.0.0.5:8470 --data mnist --data-dir mnist --id site-1 --label "
      "site=eu",
      "one real client with all data of that folder");
  app.Example("fl-client --data digits --virtual 50 --partition dirichlet:0.3",
              "50 clients in one process, for trying things out");
  app.Section("Exit status", fedge::cli::kExitStatusHelp);
  app.Validate([&] { return options.Validate(); });
  app.Run([&] {
    if (app.quiet()) options.log_level = "error";
    return fedge::RunClient(options);
  });
  return app.Main(argc, argv);
}
