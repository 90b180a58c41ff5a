#include "fedge/coordinator_rpc/poll_reactor.h"

#include <utility>

#include "fedge/coordinator_rpc/call_id.h"
#include "fedge/coordinator_rpc/coordinator.h"
#include "fedge/coordinator_rpc/poll_answers.h"
#include "fedge/coordinator_rpc/session_handlers.h"
#include "fedge/coordinator_rpc/unary_call.h"
#include "fedge/rpc/seal.h"
#include "fedge/rpc/status.h"

namespace fedge {

PollCall::PollCall(Coordinator& coordinator, const v1::PollRequest& request,
                   v1::PollResponse& response)
    : CountedCall(coordinator.metrics(), MethodOf<v1::PollRequest>()),
      coordinator_(coordinator),
      request_(request),
      response_(response),
      id_(NextCallId()) {
  if (!IsIntact(coordinator_, request_, Sealing::kRequired)) {
    Reply(DamagedRequest());
    return;
  }
  if (!coordinator_.TryPost([this](Actor& actor) { HandlePoll(actor, *this); })) {
    Answer(
        GoneAnswer("the coordinator is busy or shutting down", coordinator_.options().retry_after));
  }
}

void PollCall::Answer(v1::PollResponse response) {
  response_ = std::move(response);
  SealAnswer(response_, request_.crc32());
  Finish(grpc::Status::OK);
}

void PollCall::Reply(const Status& status) { Finish(ToGrpc(status)); }

void PollCall::OnCancel() {
  coordinator_.Post([session = request_.session(), id = id_](Actor& actor) {
    HandlePollCancelled(actor, session, id);
  });
}

}  // namespace fedge
