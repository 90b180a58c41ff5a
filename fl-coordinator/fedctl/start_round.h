#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "fedge/common/clock.h"
#include "fedge/fedctl/admin_client.h"
#include "fedge/fedctl/context.h"
#include "fedge/fedctl/local_cluster.h"
#include "fedge/fedctl/run_plan_options.h"

namespace fedge::fedctl {

struct StartRoundOptions {
  RunPlanOptions plan;
  bool detach = false;
  std::optional<std::string> request_id;
  Duration timeout{60'000};
  std::optional<std::string> output;
  bool force = false;
  bool local = false;
  LocalOptions cluster;
  std::optional<std::uint32_t> num_virtual;

  Status Validate() const;
  // As many as are selected, if nothing was said.
  std::uint32_t NumVirtual() const;
};

// Starts the run on the coordinator that `client` talks to, follows it, and takes the result home
// if that was asked for. Returns the exit code.
int StartAndFollow(const Context& context, AdminClient& client, const StartRoundOptions& options,
                   const std::stop_token& stop);

// The same with a cluster of its own on this machine. On the main thread.
int StartLocally(const Context& context, StartRoundOptions options);

}  // namespace fedge::fedctl
