#pragma once

#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge {

// What clients call (federation.proto). No call blocks an RPC thread on the actor.
class FederationService final : public v1::Federation::CallbackService {
 public:
  // `coordinator` outlives the service.
  explicit FederationService(Coordinator& coordinator) : coordinator_(coordinator) {}

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context,
                                 const v1::JoinRequest* request,
                                 v1::JoinResponse* response) override;
  grpc::ServerUnaryReactor* Poll(grpc::CallbackServerContext* context,
                                 const v1::PollRequest* request,
                                 v1::PollResponse* response) override;
  grpc::ServerWriteReactor<v1::FetchChunk>* Fetch(grpc::CallbackServerContext* context,
                                                  const v1::FetchRequest* request) override;
  grpc::ServerUnaryReactor* UploadStatus(grpc::CallbackServerContext* context,
                                         const v1::UploadStatusRequest* request,
                                         v1::UploadStatusResponse* response) override;
  grpc::ServerReadReactor<v1::SubmitRequest>* Submit(grpc::CallbackServerContext* context,
                                                     v1::SubmitResponse* response) override;
  grpc::ServerUnaryReactor* Report(grpc::CallbackServerContext* context,
                                   const v1::ReportRequest* request,
                                   v1::ReportResponse* response) override;
  grpc::ServerUnaryReactor* Leave(grpc::CallbackServerContext* context,
                                  const v1::LeaveRequest* request,
                                  v1::LeaveResponse* response) override;

 private:
  Coordinator& coordinator_;
};

}  // namespace fedge
