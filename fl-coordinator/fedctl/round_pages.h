#pragma once

#include <cstdint>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/fedctl/admin_client.h"

namespace fedge::fedctl {

// The rounds that `request` asks for, newest first, however many the coordinator gives at once.
// A limit of 0: all of them.
Result<v1::ListRoundsResponse> ListAllRounds(AdminClient& client, v1::ListRoundsRequest request);

// All rounds of a run, oldest first; of all runs if `run` is 0. kNotFound for a run without rounds.
Result<std::vector<v1::RoundSummary>> RoundsOf(AdminClient& client, std::uint64_t run);

}  // namespace fedge::fedctl
