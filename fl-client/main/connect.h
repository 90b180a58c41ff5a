#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fedge/client/mailbox.h"
#include "fedge/client/transport.h"

namespace fedge {

// The calls to the coordinator. In a file of its own: nothing that includes gRPC may include
// LibTorch.
std::unique_ptr<client::Transport> Connect(const std::string& coordinator,
                                           const std::vector<client::Profile>& profiles,
                                           client::Mailbox& mailbox);

}  // namespace fedge
