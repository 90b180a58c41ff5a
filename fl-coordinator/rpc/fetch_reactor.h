#pragma once

#include <atomic>
#include <cstdint>

#include <grpcpp/support/server_callback.h>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/coordinator_rpc/model_chunks.h"
#include "fedge/coordinator_rpc/transfer_watch.h"
#include "fedge/v1/federation.pb.h"

namespace fedge {

class Actor;
class Coordinator;

// One Fetch call: the actor finds the model, the rest runs on the RPC threads.
class FetchReactor final : public CountedCall<grpc::ServerWriteReactor<v1::FetchChunk>> {
 public:
  FetchReactor(Coordinator& coordinator, grpc::CallbackServerContext& context,
               const v1::FetchRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  void Begin(Actor& actor);
  void SendNext();

  Coordinator& coordinator_;
  Cuttable cuttable_;
  const v1::FetchRequest& request_;
  const std::uint64_t id_;
  ModelChunks chunks_;
  RoundId round_ = 0;  // whose traffic this is
  std::atomic<std::uint64_t> sent_bytes_ = 0;
  v1::FetchChunk message_;
};

}  // namespace fedge
