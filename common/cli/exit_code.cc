#include "fedge/cli/exit_code.h"

#include <cstdio>

#include <fmt/format.h>

namespace fedge::cli {

int Fail(std::string_view program, const Status& status, ExitCode code) {
  fmt::print(stderr, "{}: {}\n", program, status.message());
  return code;
}

}  // namespace fedge::cli
