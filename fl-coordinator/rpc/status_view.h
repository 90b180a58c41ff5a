#pragma once

#include <string>

#include "fedge/v1/admin.pb.h"

namespace fedge {

class Actor;

// What the operator sees of the present state. Runs on the actor thread.
v1::CoordinatorStatus BuildStatus(const Actor& actor);

// What a client does now: "idle", "training", "evaluating", "disconnected".
std::string ClientState(const Actor& actor, const std::string& client);

}  // namespace fedge
