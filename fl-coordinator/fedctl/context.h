#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "fedge/cli/app.h"
#include "fedge/cli/exit_code.h"
#include "fedge/common/clock.h"
#include "fedge/common/status.h"
#include "fedge/fedctl/admin_client.h"
#include "fedge/fedctl/console.h"

namespace fedge::fedctl {

// What a command runs in.
struct Context {
  Console console;
  const Clock* clock = nullptr;  // outlives the context
  std::stop_token stop;          // Ctrl-C and the like
  std::function<const char*(const char*)> getenv;

  // Options of every command.
  std::string coordinator = "127.0.0.1:8470";
  bool json = false;
  bool quiet = false;

  AdminClient Connect() const { return AdminClient(coordinator, stop); }
  // Says what went wrong and returns the exit code that fits: 3 with a hint if the coordinator
  // cannot be reached, 4 for a deadline, 130 after an interrupt, else 1.
  int Fail(const Status& status) const;
  // The text, or the JSON document if --json was given, as a result.
  int Show(const std::string& text, const std::string& json_document) const;
};

// As shells have it: 128 and the number of SIGINT.
inline constexpr int kExitInterrupted = 130;

// Each declares its commands; `context` outlives the app.
void AddStartRound(Context& context, cli::App& app);
void AddStatus(Context& context, cli::App& app);
void AddRounds(Context& context, cli::App& app);
void AddClients(Context& context, cli::App& app);
// abort-round, reset, pause, resume, rollback, wait
void AddRunControl(Context& context, cli::App& app);
void AddBackup(Context& context, cli::App& app);
void AddModel(Context& context, cli::App& app);
void AddEvents(Context& context, cli::App& app);

// The whole program: the command line without the program's name; returns the exit code.
int RunFedctl(const std::vector<std::string>& arguments, Context& context);

}  // namespace fedge::fedctl
