// abort-round, reset, pause, resume, rollback, wait.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

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

void AddAbort(Context& context, cli::App& app) {
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
}

void AddPause(Context& context, cli::App& app) {
  cli::Command& pause =
      app.Subcommand("pause", "lets the run finish its round and hold the next one");
  pause.Description(
      "The round that trains goes on to its end. The next one waits, without a deadline, until "
      "'fedctl resume'; a restart of the coordinator does not change that.");
  pause.Example("fedctl pause && fedctl backup -o before.tar", "before work on the machines");
  pause.Run([&context] {
    const Result<v1::PauseRunResponse> answer = context.Connect().PauseRun();
    if (!answer.ok()) return context.Fail(answer.status());
    JsonWriter json = BeginDocument("paused");
    json.Member("run", answer->run()).EndObject();
    return context.Show(
        fmt::format("run {} paused; 'fedctl resume' lets it go on\n", answer->run()), json.Take());
  });

  cli::Command& resume = app.Subcommand("resume", "lets a paused run go on");
  resume.Run([&context] {
    const Result<v1::ResumeRunResponse> answer = context.Connect().ResumeRun();
    if (!answer.ok()) return context.Fail(answer.status());
    JsonWriter json = BeginDocument("resumed");
    json.Member("run", answer->run()).EndObject();
    return context.Show(fmt::format("run {} goes on\n", answer->run()), json.Take());
  });
}

void AddRollBack(Context& context, cli::App& app) {
  const auto round = std::make_shared<std::uint64_t>(0);
  cli::Command& rollback =
      app.Subcommand("rollback", "makes the model after an earlier round the global one again");
  rollback.Description(
      "The next run begins with it. The rounds since then stay in the records. Models of the "
      "newest rounds are kept (fl-coordinator --keep-rounds).");
  rollback.Option("--round", round.get(), "K", "after which round; 0: the model as given at first",
                  {.required = true});
  rollback.Example("fedctl rollback --round 12", "undoes rounds 13 and later");
  rollback.Run([&context, round] {
    v1::RollBackRequest request;
    request.set_round(*round);
    const Result<v1::RollBackResponse> answer = context.Connect().RollBack(request);
    if (!answer.ok()) return context.Fail(answer.status());
    const std::string sha256 = HexOf(answer->model().digest());
    JsonWriter json = BeginDocument("rolled_back");
    json.Member("round", *round).Member("sha256", sha256).EndObject();
    return context.Show(fmt::format("the global model is the one after round {} again, sha256 {}\n",
                                    *round, sha256.substr(0, 12)),
                        json.Take());
  });
}

void AddWait(Context& context, cli::App& app) {
  const auto timeout = std::make_shared<std::optional<Duration>>();
  cli::Command& wait = app.Subcommand("wait", "shows the run until it has ended");
  wait.Description(
      "Exits with 0 when the run completed, with 1 and the reason when it ended in ERROR, and with "
      "4 when --timeout was over first; the run goes on then.");
  wait.Option("--timeout", timeout.get(), "TIME", "give up after this long",
              {.default_text = "wait for ever", .min = 1});
  wait.Example("fedctl start-round --clients 50 --detach && fedctl wait --timeout 1h",
               "start now, wait later");
  wait.Run([&context, timeout] { return Wait(context, *timeout); });
}

}  // namespace

void AddRunControl(Context& context, cli::App& app) {
  AddWait(context, app);
  AddPause(context, app);
  AddAbort(context, app);
  AddRollBack(context, app);
}

}  // namespace fedge::fedctl
