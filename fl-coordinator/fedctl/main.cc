#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <unistd.h>

#include "fedge/cli/exit_code.h"
#include "fedge/cli/terminal.h"
#include "fedge/common/log.h"
#include "fedge/fedctl/context.h"
#include "fedge/fedctl/interrupts.h"
#include "fedge/rpc/transport.h"

int main(int argc, char** argv) {
  try {
    fedge::log::SetLevel(fedge::log::Level::kError);
    fedge::RouteGrpcLog();
    const fedge::fedctl::Interrupts interrupts;
    const fedge::SystemClock clock;
    fedge::fedctl::Context context;
    context.console.terminal = fedge::cli::IsTerminal(STDOUT_FILENO);
    context.console.color = fedge::cli::UsesColor(STDOUT_FILENO);
    context.clock = &clock;
    context.stop = interrupts.token();
    context.getenv = [](const char* name) { return std::getenv(name); };
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return fedge::fedctl::RunFedctl(arguments, context);
  } catch (const std::exception& error) {
    return fedge::cli::Fail("fedctl", fedge::Internal("{}", error.what()));
  }
}
