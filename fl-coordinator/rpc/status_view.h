#pragma once

#include <string>

#include "fedge/coordinator_rpc/metrics.h"
#include "fedge/v1/admin.pb.h"

namespace fedge {

class Actor;
struct Session;

// What the operator sees of the present state. Runs on the actor thread.
v1::CoordinatorStatus BuildStatus(const Actor& actor);

// What a joined client does now.
ClientState StateOf(const Actor& actor, const Session& session);
// The same in words; "disconnected" for a client that is not joined.
std::string DescribeState(const Actor& actor, const ClientId& client);

}  // namespace fedge
