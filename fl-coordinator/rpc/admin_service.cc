#include "fedge/coordinator_rpc/admin_service.h"

#include "fedge/coordinator_rpc/admin_handlers.h"
#include "fedge/coordinator_rpc/backup_reactor.h"
#include "fedge/coordinator_rpc/events_reactor.h"
#include "fedge/coordinator_rpc/export_reactor.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/coordinator_rpc/watch_reactor.h"

namespace fedge {

grpc::ServerUnaryReactor* AdminService::StartRun(grpc::CallbackServerContext*,
                                                 const v1::StartRunRequest* request,
                                                 v1::StartRunResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleStartRun);
}

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext*,
                                                  const v1::GetStatusRequest* request,
                                                  v1::CoordinatorStatus* response) {
  return HandleOnActor(coordinator_, request, response, HandleGetStatus);
}

grpc::ServerWriteReactor<v1::WatchResponse>* AdminService::Watch(grpc::CallbackServerContext*,
                                                                 const v1::WatchRequest* request) {
  return new WatchReactor(coordinator_, *request);
}

grpc::ServerUnaryReactor* AdminService::ListRounds(grpc::CallbackServerContext*,
                                                   const v1::ListRoundsRequest* request,
                                                   v1::ListRoundsResponse* response) {
  return HandleHere(coordinator_, request, response, [this](const auto& asked, auto& answer) {
    return fedge::ListRounds(coordinator_.store(), asked, answer);
  });
}

grpc::ServerUnaryReactor* AdminService::GetRound(grpc::CallbackServerContext*,
                                                 const v1::GetRoundRequest* request,
                                                 v1::GetRoundResponse* response) {
  return HandleHere(coordinator_, request, response, [this](const auto& asked, auto& answer) {
    return fedge::GetRound(coordinator_.store(), asked, answer);
  });
}

grpc::ServerUnaryReactor* AdminService::ListClients(grpc::CallbackServerContext*,
                                                    const v1::ListClientsRequest* request,
                                                    v1::ListClientsResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleListClients);
}

grpc::ServerUnaryReactor* AdminService::GetClient(grpc::CallbackServerContext*,
                                                  const v1::GetClientRequest* request,
                                                  v1::GetClientResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleGetClient);
}

grpc::ServerUnaryReactor* AdminService::AbortRun(grpc::CallbackServerContext*,
                                                 const v1::AbortRunRequest* request,
                                                 v1::AbortRunResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleAbortRun);
}

grpc::ServerUnaryReactor* AdminService::Reset(grpc::CallbackServerContext*,
                                              const v1::ResetRequest* request,
                                              v1::ResetResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleReset);
}

grpc::ServerUnaryReactor* AdminService::PauseRun(grpc::CallbackServerContext*,
                                                 const v1::PauseRunRequest* request,
                                                 v1::PauseRunResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandlePauseRun);
}

grpc::ServerUnaryReactor* AdminService::ResumeRun(grpc::CallbackServerContext*,
                                                  const v1::ResumeRunRequest* request,
                                                  v1::ResumeRunResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleResumeRun);
}

grpc::ServerUnaryReactor* AdminService::RollBack(grpc::CallbackServerContext*,
                                                 const v1::RollBackRequest* request,
                                                 v1::RollBackResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleRollBack);
}

grpc::ServerWriteReactor<v1::BackupResponse>* AdminService::Backup(
    grpc::CallbackServerContext*, const v1::BackupRequest* request) {
  return new BackupReactor(coordinator_, *request);
}

grpc::ServerWriteReactor<v1::ExportModelResponse>* AdminService::ExportModel(
    grpc::CallbackServerContext*, const v1::ExportModelRequest* request) {
  return new ExportReactor(coordinator_, *request);
}

grpc::ServerWriteReactor<v1::Event>* AdminService::ListEvents(
    grpc::CallbackServerContext*, const v1::ListEventsRequest* request) {
  return new EventsReactor(coordinator_, *request);
}

}  // namespace fedge
