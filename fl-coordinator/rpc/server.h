#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/server.h>
#include <grpcpp/support/channel_arguments.h>

#include "fedge/common/clock.h"
#include "fedge/common/file.h"
#include "fedge/common/listen_address.h"
#include "fedge/common/result.h"
#include "fedge/coordinator_rpc/admin_service.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/federation_service.h"
#include "fedge/coordinator_rpc/metrics.h"
#include "fedge/coordinator_rpc/readiness.h"
#include "fedge/coordinator_rpc/state_directory.h"
#include "fedge/http/server.h"

namespace fedge {

struct ServerOptions {
  std::string state_dir;
  std::string model;  // a TorchScript file; needed the first time only
  // A backup that is unpacked into state_dir first; empty: none.
  std::string restore;
  StoreOptions store;
  ListenAddress listen{.host = "127.0.0.1", .port = 8470};
  std::optional<ListenAddress> http{};  // where /metrics and /health are; nullopt: nowhere
  RuntimeOptions runtime;
  // Called once, on a thread of the coordinator, when it cannot go on: shut it down.
  std::function<void()> on_failure;
};

// A coordinator that listens. Thread-safe.
class CoordinatorServer {
 public:
  // `files` and `clock` outlive the server. Ready for clients on return.
  static Result<std::unique_ptr<CoordinatorServer>> Start(ServerOptions options,
                                                          FileSystem& files = PosixFileSystem(),
                                                          const Clock* clock = nullptr);
  // Shutdown, without patience.
  ~CoordinatorServer();

  // HOST:PORT, with the port that was found if any free one was asked for.
  const std::string& address() const { return address_; }
  // The same of /metrics and /health; empty if they are off.
  std::string http_address() const { return http_ == nullptr ? "" : http_->address(); }
  // A connection without a network, to the same services.
  std::shared_ptr<grpc::Channel> InProcessChannel() {
    return server_->InProcessChannel(grpc::ChannelArguments());
  }
  Coordinator& coordinator() { return *coordinator_; }
  // Turns new calls away, answers those that wait, gives those that run `patience` to end, then
  // cuts them.
  void Shutdown(Duration patience);

 private:
  explicit CoordinatorServer(ServerOptions options);
  Status ListenHttp();
  Status Load(FileSystem& files, const Clock& clock);
  Status Listen();

  const ServerOptions options_;
  CoordinatorMetrics metrics_;
  Readiness readiness_;
  StateDirectory directory_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<FederationService> federation_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::atomic<const Coordinator*> loaded_ = nullptr;
  // From before the state is loaded until after the rest has ended.
  std::unique_ptr<http::Server> http_;
};

}  // namespace fedge
