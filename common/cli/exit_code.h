#pragma once

#include <string_view>

#include "fedge/common/status.h"

namespace fedge::cli {

// What every program of Fedge exits with.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,        // wrong usage or configuration
  kExitUnreachable = 3,  // cannot reach the server
  kExitTimedOut = 4,
};

// Writes "PROGRAM: message" to stderr and returns `code`.
int Fail(std::string_view program, const Status& status, ExitCode code = kExitFailed);

// For --help and the man page.
inline constexpr std::string_view kExitStatusHelp =
    "0  done\n"
    "1  failed\n"
    "2  wrong usage or configuration\n"
    "3  cannot reach the server\n"
    "4  timed out";

}  // namespace fedge::cli
