#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "fedge/cli/app.h"
#include "fedge/common/clock.h"
#include "fedge/common/training.h"
#include "fedge/v1/admin.pb.h"

namespace fedge::fedctl {

// What start-round asks of a run; the defaults are those of the command line.
struct RunPlanOptions {
  std::uint32_t clients = 0;
  std::uint32_t rounds = 1;
  std::optional<std::uint32_t> min_clients;
  double over_select = 1;
  Duration deadline{120'000};
  std::map<std::string, std::string> where;
  std::uint32_t retry = 0;
  TrainConfig train;
  double learning_rate_decay = 1;
  std::string until;
  Duration evaluation_deadline{60'000};

  // All that contradicts itself, at once.
  Status Validate() const;
  v1::RunPlan ToProto() const;
};

// Declares the flags; `options` outlives the command.
void AddRunPlanOptions(cli::Command& command, RunPlanOptions& options);

}  // namespace fedge::fedctl
