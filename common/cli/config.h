#pragma once

#include <set>
#include <string>

#include "fedge/cli/app.h"
#include "fedge/common/status.h"

namespace fedge::cli {

// Sets the targets of the commands in `command`'s chain from the file; keys of other subcommands
// must be known ones, no more. Every problem is kInvalidArgument as "FILE:LINE: ...". The
// options that were set are added to `set`.
Status ApplyConfigFile(const std::string& path, const Command& command,
                       std::set<const Option*>& set);

// The options of `command`'s chain, as they are now, as a TOML file with their help as comments.
std::string RenderConfig(const Command& command);

}  // namespace fedge::cli
