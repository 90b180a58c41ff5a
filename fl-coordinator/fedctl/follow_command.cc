#include "fedge/fedctl/follow_command.h"

#include <fmt/format.h>

#include "fedge/fedctl/follow.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/progress_view.h"

namespace fedge::fedctl {
namespace {

ViewKind KindFor(const Context& context) {
  if (context.json) return context.quiet ? ViewKind::kNone : ViewKind::kJson;
  if (context.quiet) return ViewKind::kNone;
  return context.console.terminal ? ViewKind::kBlock : ViewKind::kLines;
}

int ReportEnd(const Context& context, const RunProgress& progress) {
  const v1::RunStatus& run = progress.status().run();
  const int shown = context.Show(RunEndLine(progress) + "\n", RunEndJson(progress.status()));
  if (run.error().empty()) return shown;
  return context.Fail(Aborted("run {} failed: {}", run.run(), run.error()));
}

}  // namespace

int FollowCommand(const Context& context, AdminClient& client,
                  const FollowCommandOptions& options) {
  const FollowOptions follow{
      .run = options.run, .give_up_after = options.give_up_after, .deadline = options.deadline};
  const auto view = MakeProgressView(KindFor(context), context.console, *context.clock);
  const Result<RunProgress> followed =
      FollowRun(client, follow, *view, *context.clock, options.stop);
  if (followed.ok()) return ReportEnd(context, *followed);
  if (options.can_come_back && followed.status().code() == StatusCode::kCancelled) {
    context.console.Complain(fmt::format(
        "detached; run {} goes on. 'fedctl wait' shows it again, 'fedctl abort-round' ends it",
        options.run));
    return kExitInterrupted;
  }
  return context.Fail(followed.status());
}

}  // namespace fedge::fedctl
