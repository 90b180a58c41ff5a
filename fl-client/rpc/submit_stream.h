#pragma once

#include <functional>

#include <grpcpp/client_context.h>

#include "fedge/client/session_io.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::client {

// Streams an update from its offset on. `done` is called once, with a Submitted, on a thread of
// gRPC, after the update was let go; `context` must live until then.
void StartSubmit(v1::Federation::Stub::async_interface& stub, grpc::ClientContext& context,
                 SendSubmit submit, std::function<void(Event)> done);

}  // namespace fedge::client
