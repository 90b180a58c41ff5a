#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>

#include "fedge/common/clock.h"

namespace fedge {

// How both ends use HTTP/2, stated in one place: fixed flow-control windows (gRPC's bandwidth probe
// would grow them without bound: eight uploads of 50 MB cost 233 MB with it and 22 MB without),
// keepalive through NATs, message bounds.

inline constexpr std::size_t kMaxMessageBytes = 4u << 20;  // to a server
inline constexpr std::size_t kMaxResponseBytes = 64u
                                                 << 20;  // from a server: a list of many thousands
inline constexpr std::size_t kMaxChunkBytes = 256u << 10;  // of a payload, in one message

struct ChannelOptions {
  // nullptr: no encryption and no authentication.
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  // A connection of its own, not shared with other channels of this process to the same address.
  bool own_connection = false;
  // The pause after a first connection attempt that failed; it grows up to ten seconds.
  Duration first_reconnect{200};
  // After which an attempt has failed.
  Duration connect_timeout{10'000};
};

// Does not connect yet; gRPC does at the first call. `target` is HOST:PORT. Reconnects with
// back-off from `first_reconnect` to 10 s.
std::shared_ptr<grpc::Channel> CreateChannel(const std::string& target,
                                             const ChannelOptions& options = {});

struct ServerTransportOptions {
  std::size_t max_memory_bytes =
      256u << 20;  // of all the calls' buffers together; beyond it reading slows down
};

// Sets windows, bounds, keepalive and the memory quota on a builder; ports and services are the
// caller's.
void ConfigureTransport(grpc::ServerBuilder& builder, const ServerTransportOptions& options = {});

// gRPC's and protobuf's own log lines become debug lines of ours; without this they go to stderr as
// they are. Once, at the program's begin.
void RouteGrpcLog();

// Whether HOST:PORT names this machine only: 127.0.0.0/8, [::1], localhost or a Unix socket.
bool IsLoopback(const std::string& target);

}  // namespace fedge
