#pragma once

#include <cstdint>

#include <grpcpp/support/server_callback.h>

#include "fedge/common/status.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/v1/admin.pb.h"

namespace fedge {

class Coordinator;

// One Watch call. The actor sends, one message at a time, and ends it.
class WatchReactor final : public CountedCall<grpc::ServerWriteReactor<v1::WatchResponse>> {
 public:
  WatchReactor(Coordinator& coordinator, const v1::WatchRequest& request);

  const v1::WatchRequest& request() const { return request_; }
  // There is nothing to send for now.
  void Idle() { StopTiming(); }
  // No other message may be under way; Watchers::Written follows.
  void Send(v1::WatchResponse message);
  void End(const Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  Coordinator& coordinator_;
  const v1::WatchRequest& request_;
  const std::uint64_t id_;
  v1::WatchResponse message_;
};

}  // namespace fedge
