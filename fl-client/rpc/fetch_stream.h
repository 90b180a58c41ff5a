#pragma once

#include <functional>
#include <memory>
#include <string>

#include <grpcpp/client_context.h>

#include "fedge/client/mailbox.h"
#include "fedge/client/model_download.h"
#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::client {

// Streams a model into `download`, from its offset on. `done` is called once, on a thread of gRPC;
// `context` must live until then.
void StartFetch(v1::Federation::Stub::async_interface& stub, grpc::ClientContext& context,
                const std::string& session, std::unique_ptr<ModelDownload> download,
                std::function<void(FetchEnded)> done);

}  // namespace fedge::client
