#include "fedge/coordinator_rpc/server.h"

#include <chrono>
#include <utility>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "fedge/coordinator_rpc/monitoring.h"
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
  std::unique_ptr<CoordinatorServer> server(new CoordinatorServer(std::move(options)));
  FEDGE_RETURN_IF_ERROR(server->ListenHttp());
  FEDGE_RETURN_IF_ERROR(server->Load(files, clock != nullptr ? *clock : TheSystemClock()));
  FEDGE_RETURN_IF_ERROR(server->Listen());
  server->readiness_.SetReady();
  return server;
}

CoordinatorServer::CoordinatorServer(ServerOptions options) : options_(std::move(options)) {}

Status CoordinatorServer::ListenHttp() {
  if (!options_.http) return OkStatus();
  const auto num_queued = [this] {
    const Coordinator* coordinator = loaded_;
    return coordinator == nullptr ? 0 : coordinator->num_queued();
  };
  FEDGE_ASSIGN_OR_RETURN(
      http_,
      http::Server::Start(*options_.http,
                          MonitoringRoutes({.metrics = metrics_,
                                            .readiness = readiness_,
                                            .state_dir = options_.state_dir,
                                            .num_queued = num_queued}),
                          {.in_use_remedy = "stop it, give another address with --http, or do "
                                            "without metrics with --http off"}));
  return OkStatus();
}

Status CoordinatorServer::Load(FileSystem& files, const Clock& clock) {
  if (!options_.restore.empty())
    FEDGE_RETURN_IF_ERROR(RestoreBackup(files, options_.restore, options_.state_dir));
  FEDGE_ASSIGN_OR_RETURN(
      directory_, OpenStateDirectory(files, options_.state_dir, options_.model, options_.store));
  const CoordinatorParts parts = {files, *directory_.store, *directory_.spool, *directory_.models,
                                  clock, metrics_};
  FEDGE_ASSIGN_OR_RETURN(coordinator_,
                         Coordinator::Start(options_.runtime, parts, [this](const Status& failure) {
                           readiness_.SetNotReady(failure.message());
                           if (options_.on_failure) options_.on_failure();
                         }));
  loaded_ = coordinator_.get();
  return OkStatus();
}

CoordinatorServer::~CoordinatorServer() { Shutdown(Duration::zero()); }

Status CoordinatorServer::Listen() {
  federation_ = std::make_unique<FederationService>(*coordinator_);
  admin_ = std::make_unique<AdminService>(*coordinator_);
  grpc::ServerBuilder builder;
  ConfigureTransport(builder);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  int port = 0;
  builder.AddListeningPort(options_.listen.ToString(), grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(federation_.get());
  builder.RegisterService(admin_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    FEDGE_RETURN_IF_ERROR(
        DiagnoseListen(options_.listen, "stop it or give another port with --listen"));
    return Unavailable("cannot listen on {}", options_.listen.ToString());
  }
  readiness_.Publish(server_->GetHealthCheckService());
  address_ = ListenAddress{options_.listen.host, static_cast<std::uint16_t>(port)}.ToString();
  return OkStatus();
}

void CoordinatorServer::Shutdown(Duration patience) {
  if (coordinator_ == nullptr) return;
  readiness_.SetNotReady("the coordinator is shutting down");
  coordinator_->Drain();
  // The actor goes on until every call has its answer.
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + patience);
  coordinator_->Stop();
  readiness_.Publish(nullptr);
  server_.reset();
  http_.reset();
}

}  // namespace fedge
