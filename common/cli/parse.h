#pragma once

#include <map>
#include <string>
#include <vector>

#include "fedge/cli/app.h"
#include "fedge/common/status.h"

namespace fedge::cli {

// What stands on a command line: which command, and the texts given for each option.
struct ParsedLine {
  // kInvalidArgument names what is not understood, with what was probably meant; `command` is set
  // all the same.
  Status status;
  const Command* command = nullptr;
  std::map<const Option*, std::vector<std::string>> given;
};

// Takes the arguments apart; sets no target.
ParsedLine ParseLine(const Command& root, const std::vector<std::string>& arguments);

}  // namespace fedge::cli
