#include <memory>

#include <fmt/format.h>

#include "fedge/fedctl/context.h"
#include "fedge/fedctl/follow.h"
#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"

namespace fedge::fedctl {
namespace {

std::string EventLine(const v1::Event& event) {
  std::string line = fmt::format("{}  {:<18}", LocalTime(event.unix_ms()), event.kind());
  if (event.run() != 0) line += fmt::format("  run={}", event.run());
  if (event.round() != 0) line += fmt::format("  round={}", event.round());
  if (!event.client_id().empty()) line += "  client=" + event.client_id();
  if (!event.message().empty()) line += "  " + event.message();
  return Printable(line);
}

// Events of the coordinator until it has no more, or for ever: a lost connection is taken up behind
// the last event seen.
int Events(const Context& context, bool follow, std::uint32_t last) {
  constexpr Duration kGiveUpAfter{60'000};
  AdminClient client = context.Connect();
  v1::ListEventsRequest request;
  request.set_follow(follow);
  request.set_last(last);
  bool connected = false;
  TimePoint last_heard = context.clock->Now();
  Pauses pauses;
  for (;;) {
    const Status status = client.ListEvents(request, [&](const v1::Event& event) {
      request.set_after_sequence(event.sequence());
      request.set_last(0);
      connected = true;
      last_heard = context.clock->Now();
      pauses.Reset();
      const std::string line = context.json ? EventJson(event) : EventLine(event);
      return context.console.PrintLine(line) ? OkStatus() : Cancelled("nobody reads the output");
    });
    if (status.ok() && !follow) return cli::kExitDone;
    const bool overdue = context.clock->Now() - last_heard > kGiveUpAfter;
    if (!status.ok() && (!follow || !connected || !WorthRetrying(status) || overdue)) {
      return context.Fail(status);
    }
    context.console.Complain(
        fmt::format("connection to {} lost; trying again", context.coordinator));
    if (!SleepFor(pauses.Next(), context.stop)) return context.Fail(Cancelled("interrupted"));
  }
}

}  // namespace

void AddEvents(Context& context, cli::App& app) {
  struct Values {
    bool follow = false;
    std::uint32_t last = 0;
  };
  const auto values = std::make_shared<Values>();
  cli::Command& events = app.Subcommand("events", "what happened, oldest first");
  events.Flag("-f,--follow", &values->follow, "go on as things happen, until Ctrl-C");
  events.Option("--last", &values->last, "N", "begin with the newest N",
                {.default_text = "all that are kept", .max = 1'000'000});
  events.Example("fedctl events --last 20", "what happened last");
  events.Example("fedctl events -f --json | jq 'select(.kind == \"update refused\")'",
                 "refused updates as they come");
  events.Run([&context, values] { return Events(context, values->follow, values->last); });
}

}  // namespace fedge::fedctl
