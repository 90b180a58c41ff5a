#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "fedge/common/clock.h"
#include "fedge/fedctl/admin_client.h"
#include "fedge/fedctl/context.h"

namespace fedge::fedctl {

struct FollowCommandOptions {
  std::uint64_t run = 0;
  Duration give_up_after{60'000};
  std::optional<TimePoint> deadline = {};
  std::stop_token stop = {};
  bool can_come_back = true;  // the run goes on without us
};

// Follows a run on the console, as block, lines or JSON, then says how it ended. Returns the exit
// code: 0 only for a run that completed.
int FollowCommand(const Context& context, AdminClient& client, const FollowCommandOptions& options);

}  // namespace fedge::fedctl
