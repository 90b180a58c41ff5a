#include <malloc.h>

#include "fedge/cli/app.h"
#include "run_coordinator.h"

namespace {

void BindOptions(fedge::cli::App& app, fedge::CoordinatorOptions& options) {
  using fedge::cli::Completion;
  app.Option("-m,--model", &options.model, "FILE",
             "TorchScript model to train; needed the first time only, the state directory keeps it",
             {.group = "Model and state", .completion = Completion::kFile});
  app.Option("-d,--state-dir", &options.state_dir, "DIR",
             "folder for everything that must last: rounds, models, updates; DIR/global.pt is "
             "always the newest model",
             {.group = "Model and state", .completion = Completion::kDirectory});
  app.Option("--keep-rounds", &options.keep_rounds, "K",
             "of how many of the newest rounds to keep the global model",
             {.group = "Model and state", .min = 1, .max = 100'000});
  app.Option("--keep-history", &options.keep_history, "N",
             "of how many of the newest rounds to remember each client's task",
             {.group = "Model and state", .min = 2, .max = 1'000'000});
  app.Option("--restore", &options.restore, "FILE",
             "first unpack this backup ('fedctl backup') into DIR, which must be new or empty",
             {.group = "Model and state", .completion = Completion::kFile});
  app.Option("--from-round", &options.from_round, "K",
             "first make the model after round K the global one again, for when a newer one is "
             "damaged; a run in progress is aborted",
             {.group = "Model and state", .default_text = "the newest", .min = 0});
  app.Option("-l,--listen", &options.listen, "HOST:PORT",
             "where clients and fedctl connect; port 0 takes any free one", {.group = "Network"});
  app.Option("--http", &options.http, "HOST:PORT",
             "where /metrics (Prometheus), /health/live and /health/ready are served over HTTP; "
             "'off': nowhere",
             {.group = "Network"});
  app.Flag("--insecure", &options.insecure,
           "listen beyond this machine without encryption and authentication",
           {.group = "Network"});
  app.Option("--max-uploads", &options.max_uploads, "N",
             "updates of 64 KiB or more that are received at once; others wait their turn",
             {.group = "Limits", .min = 1, .max = 1'000});
  app.Option("--max-sessions", &options.max_sessions, "N",
             "clients that may be joined at once; others are told to come back",
             {.group = "Limits", .min = 1, .max = 1'000'000});
  app.Option("--transfer-stall", &options.transfer_stall, "TIME",
             "an upload or download that moves less than 1 KiB/s for so long is cut; it goes on "
             "where it was when the client comes back",
             {.group = "Limits", .min = 1'000, .max = 3'600'000});
  app.Option("--spool-limit", &options.spool_limit, "SIZE",
             "disk space for the updates of a round; a round that needs more is refused",
             {.group = "Limits", .default_text = "0: no limit", .bytes = true});
  app.Option("--min-free", &options.min_free, "SIZE",
             "what stays free on the file system of DIR; rounds and updates that would not leave "
             "it are refused",
             {.group = "Limits", .bytes = true});
  app.Option("--ready-file", &options.ready_file, "FILE",
             "written with HOST:PORT once clients can connect",
             {.group = "Network", .completion = Completion::kFile});
  app.Option(
      "--join-grace", &options.join_grace, "TIME",
      "with enough clients for a round there, how long to wait for the rest of those asked for",
      {.group = "Rounds", .min = 0, .max = 3'600'000});
  app.Option("--max-weight", &options.max_weight, "N",
             "refuse updates that say they were trained on more examples",
             {.group = "Rounds", .min = 1, .max = static_cast<double>(fedge::kMaxWeight)});
  app.Option("--max-update-norm", &options.max_update_norm, "X",
             "refuse updates whose L2 norm, over all averaged tensors together, is larger",
             {.group = "Rounds", .default_text = "any", .min = 0, .above_min = true});
  app.Option("--log-level", &options.log_level, "LEVEL", "what is written to stderr",
             {.group = "Output", .choices = {"debug", "info", "warning", "error", "off"}});
}

}  // namespace

int main(int argc, char** argv) {
  // Two heaps instead of eight per core: what one thread frees serves the next, and memory stays
  // flat.
  ::mallopt(M_ARENA_MAX, 2);
  fedge::CoordinatorOptions options;
  fedge::cli::App app("fl-coordinator",
                      "runs rounds of federated averaging and keeps the global model");
  app.Description(
      "Clients (fl-client) connect, fetch the global model, train it on data that stays with them "
      "and send back what "
      "changed. The coordinator averages it, weighted by each client's number of examples. fedctl "
      "starts rounds and shows "
      "how they go. A coordinator that is stopped, or crashes, goes on where it was when it is "
      "started again.");
  BindOptions(app, options);
  app.Example("fl-coordinator --model model.pt --state-dir state",
              "begins with model.pt; state/global.pt is the result");
  app.Example("fl-coordinator --state-dir state --listen 10.0.0.5:8470 --insecure",
              "goes on, and takes clients of a private network");
  app.Example("fl-coordinator --restore backup.tar --state-dir state2",
              "goes on from a backup, in a new folder");
  app.Section("Exit status", fedge::cli::kExitStatusHelp);
  app.Validate([&] { return options.Validate(); });
  app.Run([&] {
    if (app.quiet()) options.log_level = "error";
    return fedge::RunCoordinator(options);
  });
  return app.Main(argc, argv);
}
