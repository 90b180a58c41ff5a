#pragma once

#include <optional>

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"

namespace fedge {

// The codes are gRPC's own, by value; a message longer than what fits into a trailer is cut.
grpc::Status ToGrpc(const Status& status);
Status FromGrpc(const grpc::Status& status);

// A call that was turned away for lack of room tells when to come back, in trailing metadata
// ("retry-after-ms").
void SetRetryAfter(grpc::ServerContextBase& context, Duration retry_after);
// What the server said, after the call has ended; nullopt if it said nothing or nonsense.
std::optional<Duration> RetryAfter(const grpc::ClientContext& context);

}  // namespace fedge
