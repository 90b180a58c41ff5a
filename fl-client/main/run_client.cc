#include "run_client.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <sys/random.h>

#include "client_data.h"
#include "connect.h"
#include "fedge/cli/exit_code.h"
#include "fedge/client/runtime.h"
#include "fedge/client/steady_clock.h"
#include "fedge/client_main/torch_trainer.h"
#include "fedge/common/log.h"
#include "fedge/version.h"
#include "stop_signals.h"

namespace fedge {
namespace {

constexpr char kProgram[] = "fl-client";

std::string CacheFolder(const ClientOptions& options) {
  if (!options.cache_dir.empty()) return options.cache_dir;
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder.string();
}

std::vector<client::Profile> Profiles(const ClientOptions& options, const ClientSet& clients) {
  std::vector<client::Profile> profiles(clients.ids.size());
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    client::Profile& profile = profiles[i];
    profile.id = clients.ids[i];
    FEDGE_CHECK(::getrandom(profile.key.data(), profile.key.size(), 0) ==
                static_cast<ssize_t>(profile.key.size()));
    profile.role = options.evaluates() ? client::Role::kEvaluator : client::Role::kTrainer;
    profile.labels = options.labels;
    profile.num_examples = clients.num_examples(i);
  }
  return profiles;
}

std::size_t NumWorkers(const ClientOptions& options) {
  const std::size_t wanted =
      options.workers > 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
  return std::min(wanted, options.num_clients());
}

Result<std::vector<std::unique_ptr<Trainer>>> MakeTrainers(const ClientOptions& options,
                                                           const ClientSet& clients) {
  const auto data = std::make_shared<const std::vector<ClientData>>(clients.data);
  std::vector<std::unique_ptr<Trainer>> trainers;
  for (std::size_t i = 0; i < NumWorkers(options); ++i) {
    FEDGE_ASSIGN_OR_RETURN(
        auto trainer,
        MakeTorchTrainer({.learner = {.dataset = clients.dataset,
                                      .loss = options.loss,
                                      .device = options.device,
                                      .threads = static_cast<int>(options.threads_per_worker)},
                          .clients = data,
                          .metrics_samples = options.metrics_samples}));
    trainers.push_back(std::move(trainer));
  }
  return trainers;
}

client::RuntimeOptions RuntimeOptionsOf(const ClientOptions& options) {
  client::RuntimeOptions runtime;
  runtime.policy.reconnect_limit = options.reconnect;
  runtime.coordinator = options.coordinator;
  runtime.cache_folder = CacheFolder(options);
  // Processes that were started together must not come back together.
  FEDGE_CHECK(::getrandom(&runtime.seed, sizeof runtime.seed, 0) ==
              static_cast<ssize_t>(sizeof runtime.seed));
  return runtime;
}

int Report(const Status& status, const std::string& coordinator) {
  if (status.ok()) return cli::kExitDone;
  const bool unreachable = client::IsRetriable(status.code());
  return cli::Fail(kProgram,
                   status.WithContext((unreachable ? "cannot reach coordinator " : "coordinator ") +
                                      coordinator),
                   unreachable ? cli::kExitUnreachable : cli::kExitFailed);
}

}  // namespace

int RunClient(const ClientOptions& options) {
  log::SetLevel(options.log_level);
  Result<ClientSet> clients = LoadClients(options);
  if (!clients.ok()) return cli::Fail(kProgram, clients.status());
  log::Info("fl-client started version={} role={} id={} data={} {} workers={}", kVersion,
            options.role, clients->ids.front(), clients->dataset->info().name, clients->summary,
            NumWorkers(options));

  client::Mailbox mailbox;
  const StopSignals stop([&mailbox] { mailbox.Post(client::StopRequested{}); });
  auto trainers = MakeTrainers(options, *clients);
  if (!trainers.ok()) return cli::Fail(kProgram, trainers.status());
  const std::vector<client::Profile> profiles = Profiles(options, *clients);
  const client::SteadyClock clock;
  const auto transport = Connect(options.coordinator, profiles, mailbox);
  client::Runtime runtime(RuntimeOptionsOf(options), profiles, {*transport, mailbox, clock},
                          *std::move(trainers));
  return Report(runtime.Run(), options.coordinator);
}

}  // namespace fedge
