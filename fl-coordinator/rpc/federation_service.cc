#include "fedge/coordinator_rpc/federation_service.h"

#include "fedge/coordinator_rpc/fetch_reactor.h"
#include "fedge/coordinator_rpc/poll_reactor.h"
#include "fedge/coordinator_rpc/session_handlers.h"
#include "fedge/coordinator_rpc/submit_reactor.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/coordinator_rpc/upload_handlers.h"

namespace fedge {

// Every reactor deletes itself when its call is done.

grpc::ServerUnaryReactor* FederationService::Join(grpc::CallbackServerContext*,
                                                  const v1::JoinRequest* request,
                                                  v1::JoinResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleJoin, Sealing::kRequired);
}

grpc::ServerUnaryReactor* FederationService::Poll(grpc::CallbackServerContext*,
                                                  const v1::PollRequest* request,
                                                  v1::PollResponse* response) {
  return new PollCall(coordinator_, *request, *response);
}

grpc::ServerWriteReactor<v1::FetchChunk>* FederationService::Fetch(
    grpc::CallbackServerContext* context, const v1::FetchRequest* request) {
  return new FetchReactor(coordinator_, *context, *request);
}

grpc::ServerUnaryReactor* FederationService::UploadStatus(grpc::CallbackServerContext*,
                                                          const v1::UploadStatusRequest* request,
                                                          v1::UploadStatusResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleUploadStatus, Sealing::kRequired);
}

grpc::ServerReadReactor<v1::SubmitRequest>* FederationService::Submit(
    grpc::CallbackServerContext* context, v1::SubmitResponse* response) {
  return new SubmitReactor(coordinator_, *context, *response);
}

grpc::ServerUnaryReactor* FederationService::Report(grpc::CallbackServerContext*,
                                                    const v1::ReportRequest* request,
                                                    v1::ReportResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleReport, Sealing::kRequired);
}

grpc::ServerUnaryReactor* FederationService::Leave(grpc::CallbackServerContext*,
                                                   const v1::LeaveRequest* request,
                                                   v1::LeaveResponse* response) {
  return HandleOnActor(coordinator_, request, response, HandleLeave, Sealing::kRequired);
}

}  // namespace fedge
