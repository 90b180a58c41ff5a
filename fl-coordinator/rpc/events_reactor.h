#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include <grpcpp/support/server_callback.h>

#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/v1/admin.pb.h"

namespace fedge {

class Coordinator;

// One ListEvents call: reads the store page by page, and waits among the actor's EventFollowers for
// more if it was asked to follow.
class EventsReactor final : public CountedCall<grpc::ServerWriteReactor<v1::Event>> {
 public:
  EventsReactor(Coordinator& coordinator, const v1::ListEventsRequest& request);

  // There may be more. Whoever took the call out of the followers calls it.
  void Resume();
  void End(const Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  void SendNext();
  void WaitForMore();

  Coordinator& coordinator_;
  const v1::ListEventsRequest& request_;
  const std::uint64_t id_;
  std::uint64_t sent_ = 0;  // sequence of the last event that was sent
  std::deque<EventRecord> page_;
  v1::Event message_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace fedge
