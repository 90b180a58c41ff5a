#include "run_coordinator.h"

#include <csignal>
#include <cstdio>
#include <utility>

#include "accept_guard.h"
#include "fedge/cli/exit_code.h"
#include "fedge/common/log.h"
#include "fedge/rpc/transport.h"
#include "fedge/version.h"
#include "shutdown_signal.h"
#include "unused_memory.h"

namespace fedge {
namespace {

constexpr char kProgram[] = "fl-coordinator";
// Within the five seconds that a shutdown may take.
constexpr Duration kPatience{3'000};

// Whoever waits for either finds the other done.
Status AnnounceReady(const CoordinatorOptions& options, const CoordinatorServer& server) {
  if (!options.ready_file.empty()) {
    const std::string line = server.address() + "\n";
    FEDGE_RETURN_IF_ERROR(
        WriteFileAtomically(PosixFileSystem(), options.ready_file, AsBytes(line)));
  }
  const std::string http = server.http_address();
  fmt::print("listening on {}\n{}", server.address(),
             http.empty() ? "" : fmt::format("metrics and health on http://{}/\n", http));
  std::fflush(stdout);
  return OkStatus();
}

}  // namespace

int RunCoordinator(const CoordinatorOptions& options) {
  log::SetLevel(options.log_level);
  RouteGrpcLog();
  GuardAccept();
  ShutdownSignal shutdown;
  ServerOptions server_options = options.ToServerOptions();
  server_options.on_failure = [&shutdown] { shutdown.Trigger(); };
  Result<std::unique_ptr<CoordinatorServer>> server =
      CoordinatorServer::Start(std::move(server_options));
  if (!server.ok()) return cli::Fail(kProgram, server.status());
  log::Info("coordinator started version={} address={} http={} state_dir={}", kVersion,
            (*server)->address(),
            (*server)->http_address().empty() ? "off" : (*server)->http_address(),
            options.state_dir);

  if (const Status status = AnnounceReady(options, **server); !status.ok())
    return cli::Fail(kProgram, status);
  ReleaseUnusedMemory();
  const HeapTrimmer trimmer;
  const int signal = shutdown.Wait();
  if (signal != 0)
    log::Info("coordinator stops signal={}", signal == SIGINT ? "SIGINT" : "SIGTERM");
  (*server)->Shutdown(kPatience);
  const Status failure = (*server)->coordinator().failure();
  if (!failure.ok()) return cli::Fail(kProgram, failure);
  log::Info("coordinator stopped state_dir={}", options.state_dir);
  return cli::kExitDone;
}

}  // namespace fedge
