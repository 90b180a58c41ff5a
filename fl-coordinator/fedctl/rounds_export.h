#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fedge/fedctl/context.h"

namespace fedge::fedctl {

// A cell as RFC 4180 writes it: quoted where it must be.
std::string CsvCell(std::string_view text);
// A header line, then one line per round.
std::string RoundsCsv(const std::vector<v1::RoundSummary>& rounds);

// Declares `rounds export`.
void AddRoundsExport(Context& context, cli::Command& rounds);

}  // namespace fedge::fedctl
