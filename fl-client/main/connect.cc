#include "connect.h"

#include "fedge/client_rpc/grpc_transport.h"
#include "fedge/common/log.h"
#include "fedge/rpc/transport.h"

namespace fedge {

std::unique_ptr<client::Transport> Connect(const std::string& coordinator,
                                           const std::vector<client::Profile>& profiles,
                                           client::Mailbox& mailbox) {
  RouteGrpcLog();
  if (!IsLoopback(coordinator)) {
    log::Warning(
        "the connection to coordinator {} is neither encrypted nor authenticated; use it on a "
        "network that you trust",
        coordinator);
  }
  return std::make_unique<client::GrpcTransport>(coordinator, profiles, mailbox);
}

}  // namespace fedge
