#include "fedge/coordinator_rpc/server.h"

#include <chrono>
#include <utility>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "fedge/rpc/transport.h"

namespace fedge {
namespace {

const SystemClock& TheSystemClock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace

Result<std::unique_ptr<CoordinatorServer>> CoordinatorServer::Start(ServerOptions options,
                                                                    FileSystem& files,
                                                                    const Clock* clock) {
  if (!options.restore.empty())
    FEDGE_RETURN_IF_ERROR(RestoreBackup(files, options.restore, options.state_dir));
  FEDGE_ASSIGN_OR_RETURN(
      StateDirectory directory,
      OpenStateDirectory(files, options.state_dir, options.model, options.store));
  std::unique_ptr<CoordinatorServer> server(
      new CoordinatorServer(std::move(options), std::move(directory)));
  const CoordinatorParts parts = {files, *server->directory_.store, *server->directory_.spool,
                                  *server->directory_.models,
                                  clock != nullptr ? *clock : TheSystemClock()};
  FEDGE_ASSIGN_OR_RETURN(server->coordinator_, Coordinator::Start(server->options_.runtime, parts,
                                                                  server->options_.on_failure));
  FEDGE_RETURN_IF_ERROR(server->Listen());
  return server;
}

CoordinatorServer::CoordinatorServer(ServerOptions options, StateDirectory directory)
    : options_(std::move(options)), directory_(std::move(directory)) {}

CoordinatorServer::~CoordinatorServer() { Shutdown(Duration::zero()); }

Status CoordinatorServer::Listen() {
  federation_ = std::make_unique<FederationService>(*coordinator_);
  admin_ = std::make_unique<AdminService>(*coordinator_);
  grpc::ServerBuilder builder;
  ConfigureTransport(builder);
  int port = 0;
  builder.AddListeningPort(options_.listen.ToString(), grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(federation_.get());
  builder.RegisterService(admin_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    FEDGE_RETURN_IF_ERROR(DiagnoseListen(options_.listen, "stop it or give another port with --listen"));
    return Unavailable("cannot listen on {}", options_.listen.ToString());
  }
  address_ = ListenAddress{options_.listen.host, static_cast<std::uint16_t>(port)}.ToString();
  return OkStatus();
}

void CoordinatorServer::Shutdown(Duration patience) {
  if (coordinator_ == nullptr) return;
  coordinator_->Drain();
  // The actor goes on until every call has its answer.
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + patience);
  coordinator_->Stop();
  server_.reset();
}

}  // namespace fedge
