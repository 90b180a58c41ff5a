#include "fedge/cli/app.h"
#include "run_swarm.h"

namespace {

void BindOptions(fedge::cli::App& app, fedge::bench::SwarmOptions& options) {
  app.Option("-C,--coordinator", &options.coordinator, "HOST:PORT", "whom to join");
  app.Option("-n,--clients", &options.clients, "N", "clients in this process",
             {.min = 1, .max = 100'000});
  app.Option("--connections", &options.connections, "M",
             "connections that they share; 0: one per thousand clients, at most 8",
             {.min = 0, .max = 100'000});
  app.Option("-r,--rounds", &options.rounds, "R",
             "start a run of so many rounds with all clients, print what it took, and leave; 0: "
             "join, and stay until a signal comes",
             {.min = 0, .max = 1'000'000});
  app.Option("--deadline", &options.deadline, "TIME", "of each round",
             {.min = 1'000, .max = 86'400'000});
  app.Option("--workers", &options.workers, "W", "threads that make updates",
             {.min = 1, .max = 256});
  app.Option("--update-memory", &options.update_memory_mib, "MIB",
             "of updates that are on their way at once, in MiB; two per worker in any case",
             {.min = 1, .max = 1'000'000});
  app.Option("--cache-dir", &options.cache_dir, "DIR", "where global models are kept meanwhile");
  app.Option("--watch-pid", &options.watch_pid, "PID",
             "the coordinator's process, whose memory and processor time are printed too",
             {.min = 0, .max = 4'194'304});
  app.Option("--log-level", &options.log_level, "LEVEL", "what is written to stderr",
             {.choices = {"debug", "info", "warning", "error", "off"}});
  app.Option("--make-model", &options.make_model, "FILE",
             "write a model for a coordinator to begin with, and leave", {.group = "Model"});
  app.Option("--parameters", &options.parameters, "P", "of that model, float32",
             {.group = "Model", .min = 1, .max = 1'000'000'000});
}

}  // namespace

int main(int argc, char** argv) {
  fedge::bench::SwarmOptions options;
  fedge::cli::App app("fedge_swarm", "loads a coordinator with clients that do not train");
  app.Description(
      "Clients join, fetch the global model, and send random finite updates of its layout.");
  BindOptions(app, options);
  app.Example("fedge_swarm --make-model model.pt --parameters 25000000", "a model of 100 MB");
  app.Example("fedge_swarm --clients 500 --connections 50 --rounds 10", "ten rounds of 500");
  app.Run([&] {
    if (options.make_model.empty()) return fedge::bench::RunSwarm(options);
    const fedge::Status status = fedge::bench::MakeModel(options);
    return status.ok() ? fedge::cli::kExitDone : fedge::cli::Fail("fedge_swarm", status);
  });
  return app.Main(argc, argv);
}
