#include "fedge/cli/exit_code.h"

#include <cstdio>

#include <fmt/format.h>

namespace fedge::cli {

int Fail(std::string_view program, const Status& status, ExitCode code) {
  // Where nobody reads the errors any more, there is nobody to tell: the code says enough.
  std::fputs(fmt::format("{}: {}\n", program, status.message()).c_str(), stderr);
  return code;
}

}  // namespace fedge::cli
