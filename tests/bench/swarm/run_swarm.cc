#include "run_swarm.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include "fedge/cli/exit_code.h"
#include "fedge/client/runtime.h"
#include "fedge/client/steady_clock.h"
#include "fedge/client_rpc/grpc_transport.h"
#include "fedge/common/file.h"
#include "fedge/common/log.h"
#include "fedge/rpc/status.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/fake_trainer.h"
#include "fedge/testing/tiny_model.h"
#include "fedge/v1/admin.grpc.pb.h"

namespace fedge::bench {
namespace {

constexpr char kProgram[] = "fedge_swarm";
constexpr double kMegabyte = 1e6;

sigset_t StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

std::vector<client::Profile> Profiles(const SwarmOptions& options) {
  std::vector<client::Profile> profiles(options.clients);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    profiles[i].id = fmt::format("swarm-{}-{}", ::getpid(), i);
    Random random(CombineSeeds(HashName(profiles[i].id), i));
    for (std::byte& byte : profiles[i].key) byte = static_cast<std::byte>(random.Below(256));
    profiles[i].num_examples = 100;
  }
  return profiles;
}

// The clients on a thread of their own, for as long as the object lives.
class Swarm {
 public:
  explicit Swarm(const SwarmOptions& options)
      : transport_(options.coordinator, Profiles(options), mailbox_,
                   {.connections = options.connections}),
        runtime_(RuntimeOptionsOf(options), Profiles(options), {transport_, mailbox_, clock_},
                 testing::MakeFakeTrainers(options.workers)),
        thread_([this] { status_ = runtime_.Run(); }) {}
  ~Swarm() {
    if (thread_.joinable()) static_cast<void>(Stop());
  }

  Status Stop() {
    mailbox_.Post(client::StopRequested{});
    thread_.join();
    return status_;
  }

 private:
  static client::RuntimeOptions RuntimeOptionsOf(const SwarmOptions& options) {
    client::RuntimeOptions runtime;
    runtime.coordinator = options.coordinator;
    runtime.cache_folder = options.cache_dir;
    runtime.max_update_bytes = std::uint64_t{options.update_memory_mib} << 20;
    return runtime;
  }
  client::Mailbox mailbox_;
  client::SteadyClock clock_;
  client::GrpcTransport transport_;
  client::Runtime runtime_;
  Status status_;
  std::thread thread_;
};

// What /proc says of a process: its peak resident memory and its processor time.
std::string Footprint(std::uint32_t pid) {
  std::string peak = "?";
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) peak = line.substr(line.find_first_not_of("VmHWM: \t"));
  }
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string field;
  std::vector<std::string> fields;
  while (stat >> field) fields.push_back(field);
  if (fields.size() < 15) return "process not found";
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return fmt::format("peak_rss={} user_s={:.2f} system_s={:.2f}", peak,
                     std::stod(fields[13]) / ticks, std::stod(fields[14]) / ticks);
}

Result<std::uint64_t> StartRun(v1::Admin::Stub& admin, const SwarmOptions& options) {
  v1::StartRunRequest request;
  v1::RunPlan& plan = *request.mutable_plan();
  plan.set_num_rounds(options.rounds);
  plan.set_num_clients(options.clients);
  plan.set_over_select(1);
  plan.set_deadline_ms(static_cast<std::uint64_t>(options.deadline.count()));
  plan.mutable_train()->set_epochs(1);
  plan.mutable_train()->set_optimizer("sgd");
  plan.mutable_train()->set_learning_rate(0.1);
  plan.mutable_train()->set_seed(1);
  plan.set_learning_rate_decay(1);
  grpc::ClientContext context;
  v1::StartRunResponse response;
  FEDGE_RETURN_IF_ERROR(FromGrpc(admin.StartRun(&context, request, &response)));
  return response.run();
}

// Follows the run to its end; the seconds of each completed round.
Result<std::vector<double>> FollowRun(v1::Admin::Stub& admin, std::uint64_t run) {
  grpc::ClientContext context;
  v1::WatchRequest request;
  request.set_run(run);
  request.set_min_interval_ms(20);
  const auto reader = admin.Watch(&context, request);
  std::vector<double> seconds;
  v1::WatchResponse message;
  std::string error;
  while (reader->Read(&message)) {
    for (const v1::RoundSummary& round : message.rounds()) {
      if (round.phase() != v1::COMPLETED) continue;
      const double took =
          static_cast<double>(round.ended_unix_ms() - round.started_unix_ms()) / 1'000;
      if (seconds.size() < round.index_in_run()) {
        seconds.push_back(took);
        fmt::print(
            "round={} seconds={:.3f} accepted={} up_mb={:.1f} down_mb={:.1f} "
            "aggregate_s={:.3f} model_crc32={:08x}\n",
            round.round(), took, round.tasks().accepted(),
            static_cast<double>(round.bytes_up()) / kMegabyte,
            static_cast<double>(round.bytes_down()) / kMegabyte, round.aggregate_seconds(),
            round.model_crc32());
        std::fflush(stdout);
      }
    }
    error = message.status().run().error();
  }
  FEDGE_RETURN_IF_ERROR(FromGrpc(reader->Finish()));
  if (!error.empty()) return Aborted("the run failed: {}", error);
  return seconds;
}

Status RunRounds(const SwarmOptions& options) {
  const auto admin = v1::Admin::NewStub(
      CreateChannel(options.coordinator, {.credentials = nullptr, .own_connection = true}));
  const client::SteadyClock clock;
  const TimePoint began = clock.Now();
  FEDGE_ASSIGN_OR_RETURN(const std::uint64_t run, StartRun(*admin, options));
  FEDGE_ASSIGN_OR_RETURN(std::vector<double> seconds, FollowRun(*admin, run));
  const double wall = static_cast<double>((clock.Now() - began).count()) / 1'000;
  std::sort(seconds.begin(), seconds.end());
  fmt::print(
      "rounds={} clients={} connections={} wall_s={:.3f} median_round_s={:.3f} "
      "slowest_round_s={:.3f}\n",
      seconds.size(), options.clients, options.connections, wall,
      seconds.empty() ? NAN : seconds[seconds.size() / 2], seconds.empty() ? NAN : seconds.back());
  return OkStatus();
}

}  // namespace

int RunSwarm(const SwarmOptions& options) {
  log::SetLevel(options.log_level);
  RouteGrpcLog();
  // Threads that are made later inherit the mask.
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Swarm swarm(options);
  Status status;
  if (options.rounds == 0) {
    int signal = 0;
    ::sigwait(&signals, &signal);
  } else {
    status = RunRounds(options);
  }
  if (options.watch_pid != 0) fmt::print("coordinator {}\n", Footprint(options.watch_pid));
  const Status ended = swarm.Stop();
  if (status.ok()) status = ended;
  return status.ok() ? cli::kExitDone : cli::Fail(kProgram, status);
}

Status MakeModel(const SwarmOptions& options) {
  constexpr std::uint64_t kLayer = 8'000'000;
  std::vector<testing::TinyTensor> tensors;
  for (std::uint64_t left = options.parameters; left > 0;) {
    const std::uint64_t size = std::min(left, kLayer);
    left -= size;
    tensors.push_back({.name = fmt::format("layer{}", tensors.size()),
                       .dtype = DType::kFloat32,
                       .shape = {static_cast<std::int64_t>(size)},
                       .bytes = std::string(size * sizeof(float), '\0')});
  }
  const std::string model = testing::TinyModel(tensors);
  return WriteFileAtomically(PosixFileSystem(), options.make_model, AsBytes(model));
}

}  // namespace fedge::bench
