#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "fedge/cli/terminal.h"
#include "fedge/common/listen_address.h"
#include "fedge/fedctl/context.h"

namespace fedge::fedctl {

int RunFedctl(const std::vector<std::string>& arguments, Context& context) {
  cli::App app("fedctl", "the operator's command line of a Fedge coordinator");
  app.Description(
      "Starts training across clients, watches it, and takes the result home. The coordinator is a "
      "running fl-coordinator; 'fedctl start-round --local' needs none.");
  app.Option("--coordinator", &context.coordinator, "HOST:PORT", "the coordinator to talk to",
             {.group = "Connection", .environment = "FEDGE_COORDINATOR"});
  app.Flag("--json", &context.json, "write results as JSON, one document a line (schema_version 1)",
           {.group = "Output"});
  app.Validate(
      [&context] { return CheckConnectAddress(context.coordinator).WithContext("--coordinator"); });
  app.Section("Exit status", std::string(cli::kExitStatusHelp) + "\n130  interrupted");
  app.Example("fedctl start-round --clients 50 --rounds 10",
              "ten rounds across fifty clients, with live progress");
  app.Example("fedctl start-round --local --clients 50 --rounds 10",
              "the same on this machine alone, on the embedded digits data");
  AddStartRound(context, app);
  AddStatus(context, app);
  AddRounds(context, app);
  AddClients(context, app);
  AddRunControl(context, app);
  AddModel(context, app);
  AddBackup(context, app);
  AddEvents(context, app);

  const cli::App::Outcome outcome =
      app.Parse(arguments, {.getenv = context.getenv,
                            .width = context.console.terminal ? context.console.Columns() : 100,
                            .color = context.console.color});
  context.quiet = app.quiet();
  fmt::print(context.console.err, "{}", outcome.err);
  if (!context.console.Print(outcome.out)) {
    context.console.Complain(
        fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    return cli::kExitFailed;
  }
  return outcome.command != nullptr ? outcome.command->CallRun() : outcome.exit_code;
}

}  // namespace fedge::fedctl
