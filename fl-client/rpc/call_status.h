#pragma once

#include <chrono>
#include <cstdint>

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "fedge/common/status.h"

namespace fedge::client {

// What became of a call; what gRPC says about a connection that could not be made is cut down to
// the cause.
Status FromCall(const grpc::Status& status);

// For a stream of this many bytes: slow enough for a modem, but not for ever. A dead connection is
// found by keepalive.
std::chrono::system_clock::time_point TransferDeadline(std::uint64_t bytes);

}  // namespace fedge::client
