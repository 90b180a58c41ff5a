#pragma once

#include <cstdint>

#include "fedge/common/status.h"
#include "fedge/coordinator/run_machine.h"

namespace fedge {

class Actor;

// The disk is refused before it is full, not when: the database must still have room to say so.
// These run on the actor thread.

// Whether a round of this plan fits: the updates of its whole cohort, and the model that they make.
// kFailedPrecondition says what is missing.
Status CheckRoundFits(Actor& actor, const RunPlan& plan);

// Whether there is room for one more update of so many bytes. kResourceExhausted.
Status CheckUpdateFits(Actor& actor, std::uint64_t bytes);

}  // namespace fedge
