#pragma once

#include <grpcpp/support/server_callback.h>

#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/coordinator_rpc/model_chunks.h"
#include "fedge/v1/admin.pb.h"

namespace fedge {

class Actor;
class Coordinator;

// One ExportModel call: the actor finds the model, the rest runs on the RPC threads.
class ExportReactor final : public CountedCall<grpc::ServerWriteReactor<v1::ExportModelResponse>> {
 public:
  ExportReactor(Coordinator& coordinator, const v1::ExportModelRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void Begin(Actor& actor);
  void SendNext();

  Coordinator& coordinator_;
  const v1::ExportModelRequest& request_;
  ModelChunks chunks_;
  v1::ExportModelResponse message_;
};

}  // namespace fedge
