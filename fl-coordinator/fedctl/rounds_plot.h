#pragma once

#include <string_view>
#include <vector>

#include "fedge/fedctl/chart.h"
#include "fedge/fedctl/context.h"

namespace fedge::fedctl {

// The curve of "accuracy" or "loss" over rounds, oldest first: as evaluated, and as the clients
// measured it while training. kFailedPrecondition if no round has it.
Result<Chart> ChartOf(const std::vector<v1::RoundSummary>& rounds, std::string_view metric);

// Declares `rounds plot`.
void AddRoundsPlot(Context& context, cli::Command& rounds);

}  // namespace fedge::fedctl
