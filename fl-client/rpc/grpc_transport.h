#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fedge/client/mailbox.h"
#include "fedge/client/transport.h"

namespace fedge::client {

struct GrpcTransportOptions {
  std::size_t connections = 0;    // shared by the clients in turn; 0: one per thousand, at most 8
  Duration first_reconnect{200};  // see ChannelOptions
  Duration connect_timeout{10'000};
  // Beyond the time that a call may take by itself, how long its answer is waited for.
  Duration patience{30'000};
};

// The calls of federation.proto by gRPC's callback API: an open poll costs no thread, and all
// clients of the process share a connection, or a few when they are thousands.
class GrpcTransport final : public Transport {
 public:
  // Does not connect yet. `target` is HOST:PORT. The mailbox outlives the transport.
  GrpcTransport(const std::string& target, std::vector<Profile> profiles, Mailbox& mailbox,
                GrpcTransportOptions options = {});
  // Cancels what is open and waits for it to end.
  ~GrpcTransport() override;

  void Send(std::size_t client, Call call) override;
  void Cancel(std::size_t client, CallId call) override;
  void Fetch(const std::string& session, std::unique_ptr<ModelDownload> download) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge::client
