#pragma once

#include <grpcpp/support/status.h>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"

namespace fedge {

// The codes are gRPC's own, by value; a message longer than what fits into a trailer is cut. An
// error carries a seal (federation.proto). retry_after: of a call that is turned away for lack of
// room, when to come back.
grpc::Status ToGrpc(const Status& status, Duration retry_after = Duration::zero());
Status FromGrpc(const grpc::Status& status);

// Whether an error comes as the other side sent it. If not, gRPC made it, or damage did.
bool ErrorSealHolds(const grpc::Status& status);
// What the server said of when to come back; zero if it said nothing, or its seal does not hold.
Duration RetryAfter(const grpc::Status& status);

}  // namespace fedge
