#pragma once

#include <optional>

#include "fedge/coordinator/phases/step_context.h"

// Who is connected. Both also tell the evaluations, which may take a waiting run out of COMPLETED.
namespace fedge::machine {

// Returns what the client was before, if it was a member.
std::optional<Member> AddMember(StepContext& step, const ClientJoined& event);

// Returns what the client was; nullopt, and nothing happens, if it was no member.
std::optional<Member> RemoveMember(StepContext& step, const ClientLeft& event);

// kNotFound for a ClientLeft of no member.
Status NoMember(const ClientId& client);

}  // namespace fedge::machine
