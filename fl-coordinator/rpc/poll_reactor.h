#pragma once

#include <cstdint>

#include <grpcpp/support/server_callback.h>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/v1/federation.pb.h"

namespace fedge {

class Coordinator;

// One Poll call: held by the actor until there is something to say. Exactly one of Answer and Reply
// is called, by whoever holds it.
class PollCall final : public CountedCall<grpc::ServerUnaryReactor> {
 public:
  PollCall(Coordinator& coordinator, const v1::PollRequest& request, v1::PollResponse& response);

  // Never the same twice, unlike the address.
  std::uint64_t id() const { return id_; }
  const v1::PollRequest& request() const { return request_; }

  // It is held from now on.
  void Held() { StopTiming(); }
  void Answer(v1::PollResponse response);
  void Reply(const Status& status);

  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  Coordinator& coordinator_;
  const v1::PollRequest& request_;
  v1::PollResponse& response_;
  const std::uint64_t id_;
};

}  // namespace fedge
