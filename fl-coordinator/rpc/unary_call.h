#pragma once

#include <utility>

#include <grpcpp/support/server_callback.h>

#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/counted_call.h"
#include "fedge/rpc/status.h"

namespace fedge {

// A call with one request and one response. Whoever it is handed to must Reply once; it deletes
// itself afterwards.
template <typename Request, typename Response>
class UnaryCall final : public CountedCall<grpc::ServerUnaryReactor> {
 public:
  UnaryCall(Coordinator& coordinator, grpc::CallbackServerContext& context, const Request& request,
            Response& response)
      : CountedCall(coordinator.metrics(), MethodOf<Request>()),
        context_(context),
        request_(request),
        response_(response) {}

  const Request& request() const { return request_; }
  Response& response() { return response_; }

  void Reply(const Status& status) { Finish(ToGrpc(status)); }
  void TurnAway(const Status& status, Duration retry_after) {
    SetRetryAfter(context_, retry_after);
    Finish(ToGrpc(status));
  }
  void OnDone() override { delete this; }

 private:
  grpc::CallbackServerContext& context_;
  const Request& request_;
  Response& response_;
};

// What a request gets that finds no room in the mailbox, or comes during a shutdown.
inline Status Busy() { return Unavailable("the coordinator is busy or shutting down; try again"); }

// Runs `handler(actor, call)` on the actor thread; the handler sees to it that the call is replied
// to.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* HandleOnActor(Coordinator& coordinator,
                                        grpc::CallbackServerContext* context,
                                        const Request* request, Response* response,
                                        Handler handler) {
  auto* call = new UnaryCall<Request, Response>(coordinator, *context, *request, *response);
  if (!coordinator.TryPost([call, handler](Actor& actor) { handler(actor, *call); })) {
    call->TurnAway(Busy(), coordinator.options().retry_after);
  }
  return call;
}

// Runs `handler(call.request(), call.response()) -> Status` at once; for what only reads the store.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* HandleHere(Coordinator& coordinator, grpc::CallbackServerContext* context,
                                     const Request* request, Response* response, Handler handler) {
  auto* call = new UnaryCall<Request, Response>(coordinator, *context, *request, *response);
  call->Reply(handler(*request, *response));
  return call;
}

}  // namespace fedge
