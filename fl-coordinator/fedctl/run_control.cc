// abort-round, reset, wait.
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "fedge/fedctl/context.h"
#include "fedge/fedctl/follow_command.h"
#include "fedge/fedctl/json_view.h"

namespace fedge::fedctl {
namespace {

// Waits for the last run that was started; one that has ended already is answered at once.
int Wait(const Context& context, const std::optional<Duration>& timeout) {
  AdminClient client = context.Connect();
  const Result<v1::CoordinatorStatus> status = client.GetStatus();
  if (!status.ok()) return context.Fail(status.status());
  if (!status->has_run()) return context.Fail(FailedPrecondition("no run was started yet"));

  FollowCommandOptions options{.run = status->run().run(), .stop = context.stop};
  if (timeout.has_value()) options.deadline = context.clock->Now() + *timeout;
  return FollowCommand(context, client, options);
}

}  // namespace

void AddRunControl(Context& context, cli::App& app) {
  const auto reason = std::make_shared<std::string>("aborted by fedctl");
  cli::Command& abort =
      app.Subcommand("abort-round", "ends the active round, and its run, in ERROR");
  abort.Option("--reason", reason.get(), "TEXT", "kept with the round");
  abort.Example("fedctl abort-round --reason 'wrong learning rate'", "the global model stays");
  abort.Example("fedctl reset", "afterwards, to be able to start the next run");
  abort.Run([&context, reason] {
    v1::AbortRunRequest request;
    request.set_reason(*reason);
    const Result<v1::AbortRunResponse> answer = context.Connect().AbortRun(request);
    if (!answer.ok()) return context.Fail(answer.status());
    JsonWriter json = BeginDocument("aborted");
    json.Member("run", answer->run()).EndObject();
    return context.Show(fmt::format("run {} aborted\n", answer->run()), json.Take());
  });

  cli::Command& reset = app.Subcommand("reset", "leaves ERROR, so that a run can be started again");
  reset.Example("fedctl reset && fedctl start-round --clients 50",
                "a new start after a failed run");
  reset.Run([&context] {
    const Result<v1::ResetResponse> answer = context.Connect().Reset();
    if (!answer.ok()) return context.Fail(answer.status());
    return context.Show("reset: ready for the next run\n",
                        BeginDocument("reset").EndObject().Take());
  });

  const auto timeout = std::make_shared<std::optional<Duration>>();
  cli::Command& wait = app.Subcommand("wait", "shows the run until it has ended");
  wait.Description(
      "Exits with 0 when the run completed, with 1 and the reason when it ended in ERROR, and with "
      "4 "
      "when --timeout was over first; the run goes on then.");
  wait.Option("--timeout", timeout.get(), "TIME", "give up after this long",
              {.default_text = "wait for ever", .min = 1});
  wait.Example("fedctl start-round --clients 50 --detach && fedctl wait --timeout 1h",
               "start now, wait later");
  wait.Run([&context, timeout] { return Wait(context, *timeout); });
}

}  // namespace fedge::fedctl
