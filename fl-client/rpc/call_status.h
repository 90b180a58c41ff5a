#pragma once

#include <chrono>
#include <cstdint>

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "fedge/common/clock.h"
#include "fedge/common/status.h"

namespace fedge::client {

// What became of a call. An error that does not come as the coordinator sent it is kUnavailable,
// unless it says that the call was not answered (kCancelled, kDeadlineExceeded) or is not known
// (kUnimplemented). What gRPC says about a connection that could not be made is cut down to the
// cause.
Status FromCall(const grpc::Status& status);

// When a stream of so many bytes has failed: `patience` after the time that a modem takes. A dead
// connection is found by keepalive.
std::chrono::system_clock::time_point TransferDeadline(std::uint64_t bytes, Duration patience);

}  // namespace fedge::client
