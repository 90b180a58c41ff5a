#pragma once

#include <string>

#include "fedge/coordinator/run_machine.h"

namespace fedge::testing {

// One line, for a person: what an operator or a client would notice of it. Empty for saves of
// records, which a restart shows.
std::string EffectText(const Effect& effect);

// Everything that a restart has to bring back, every field of every record. Two states with the
// same text are the same to a client or an operator, once the members have joined again.
std::string PersistedText(const State& state);

// PersistedText, and what only the running process knows.
std::string FullText(const State& state);

// The kind of an event: "ClientJoined".
std::string EventName(const Event& event);

}  // namespace fedge::testing
