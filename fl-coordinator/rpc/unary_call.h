#pragma once

#include <utility>

#include <grpcpp/support/server_callback.h>

#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"

namespace fedge {

// A call with one request and one response. Whoever it is handed to must Reply once; it deletes
// itself afterwards.
template <typename Request, typename Response>
class UnaryCall final : public CountedCall<grpc::ServerUnaryReactor> {
 public:
  UnaryCall(Coordinator& coordinator, const Request& request, Response& response)
      : CountedCall(coordinator.metrics(), MethodOf<Request>()),
        request_(request),
        response_(response) {}

  const Request& request() const { return request_; }
  Response& response() { return response_; }

  void Reply(const Status& status) {
    if constexpr (Sealable<Request> && Sealable<Response>) {
      if (status.ok()) SealAnswer(response_, request_.crc32());
    }
    Finish(ToGrpc(status));
  }
  void TurnAway(const Status& status, Duration retry_after) { Finish(ToGrpc(status, retry_after)); }
  void OnDone() override { delete this; }

 private:
  const Request& request_;
  Response& response_;
};

// What a request gets that finds no room in the mailbox, or comes during a shutdown.
inline Status Busy() { return Unavailable("the coordinator is busy or shutting down; try again"); }

// Who may leave the seal of a request out.
enum class Sealing : bool { kRequired, kOptional };

// Whether the request may be acted on; counts it if not.
template <typename Request>
bool IsIntact(Coordinator& coordinator, const Request& request, Sealing sealing) {
  if constexpr (Sealable<Request>) {
    const bool intact =
        sealing == Sealing::kRequired ? SealHolds(request) : SealHoldsIfAny(request);
    if (!intact) coordinator.CountDamagedRequest();
    return intact;
  }
  return true;
}

// Replies with `status`, an OK one once the batch is saved.
template <typename Request, typename Response>
void ReplyWhenSaved(Actor& actor, UnaryCall<Request, Response>& call, const Status& status) {
  actor.Defer([&call, status](const Status& saved) { call.Reply(status.ok() ? saved : status); });
}

// Runs `handler(actor, call)` on the actor thread; the handler sees to it that the call is replied
// to.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* HandleOnActor(Coordinator& coordinator, const Request* request,
                                        Response* response, Handler handler,
                                        Sealing sealing = Sealing::kOptional) {
  auto* call = new UnaryCall<Request, Response>(coordinator, *request, *response);
  if (!IsIntact(coordinator, *request, sealing)) {
    call->Reply(DamagedRequest());
  } else if (!coordinator.TryPost([call, handler](Actor& actor) { handler(actor, *call); })) {
    call->TurnAway(Busy(), coordinator.options().retry_after);
  }
  return call;
}

// Runs `handler(call.request(), call.response()) -> Status` at once; for what only reads the store.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* HandleHere(Coordinator& coordinator, const Request* request,
                                     Response* response, Handler handler) {
  auto* call = new UnaryCall<Request, Response>(coordinator, *request, *response);
  call->Reply(IsIntact(coordinator, *request, Sealing::kOptional) ? handler(*request, *response)
                                                                  : DamagedRequest());
  return call;
}

}  // namespace fedge
