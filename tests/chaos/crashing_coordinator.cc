// fl-coordinator that dies at a named point, with or without what it had not synced: the same
// CoordinatorServer over files that are watched. A test program; the real one has no such switch.
#include <csignal>
#include <cstdio>
#include <map>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "fedge/common/check.h"
#include "fedge/common/log.h"
#include "fedge/coordinator_rpc/server.h"
#include "fedge/rpc/transport.h"
#include "fedge/testing/durability/durability_files.h"
#include "fedge/testing/durability/durability_vfs.h"

namespace fedge::testing {
namespace {

[[noreturn]] void Die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

// One line per point: "spool.sync.after 12".
void WriteCounts(const std::string& path, const CrashPoints& points) {
  std::string text;
  for (const auto& [point, passes] : points.passed()) text += fmt::format("{} {}\n", point, passes);
  FEDGE_CHECK(WriteFileAtomically(PosixFileSystem(), path, AsBytes(text)).ok());
}

int Run(std::map<std::string, std::string> flags) {
  RouteGrpcLog();
  PowerLossDisk disk(flags["--state-dir"]);
  const bool power_loss = flags["--crash-by"] == "power-loss";
  const std::uint64_t seed = std::stoull("0" + flags["--seed"]);
  CrashPoints points(flags["--crash-at"], std::stoull("0" + flags["--crash-pass"]), [&] {
    if (power_loss) disk.LosePower(seed);
    Die();
  });
  DurabilityFiles files(disk, points);
  InstallDurabilityVfs(disk, points);

  // Blocked before any thread starts, so that the wait below gets it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ServerOptions options;
  options.state_dir = flags["--state-dir"];
  options.model = flags["--model"];
  options.listen = ListenAddress::Parse(flags["--listen"]).value();
  options.runtime.keep_rounds = 2;  // so that models are removed, too
  options.on_failure = [] { ::kill(::getpid(), SIGTERM); };
  auto server = CoordinatorServer::Start(options, files);
  if (!server.ok()) {
    fmt::print(stderr, "error: {}\n", server.status().message());
    return 1;
  }
  const std::string address = (*server)->address() + "\n";
  FEDGE_CHECK(WriteFileAtomically(PosixFileSystem(), flags["--ready-file"], AsBytes(address)).ok());
  fmt::print("listening on {}", address);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  // Without those of a shutdown, which a coordinator that dies does not come to.
  if (const std::string& counts = flags["--count-file"]; !counts.empty())
    WriteCounts(counts, points);
  (*server)->Shutdown(Duration(1'000));
  const Status failure = (*server)->coordinator().failure();
  server->reset();
  if (!failure.ok()) fmt::print(stderr, "error: {}\n", failure.message());
  return failure.ok() ? 0 : 1;
}

}  // namespace
}  // namespace fedge::testing

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  return fedge::testing::Run(std::move(flags));
}
