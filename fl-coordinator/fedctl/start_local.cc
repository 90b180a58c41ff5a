#include <memory>
#include <thread>

#include <fmt/format.h>

#include "fedge/fedctl/follow.h"
#include "fedge/fedctl/start_round.h"

namespace fedge::fedctl {
namespace {

// Until all clients and the evaluator have joined: a fast run would otherwise be over before the
// first evaluation.
Status AwaitClients(AdminClient& client, std::uint32_t num_trainers, const std::stop_token& stop) {
  constexpr Duration kPatience{120'000};
  constexpr Duration kPoll{20};
  for (Duration waited{0}; waited < kPatience; waited += kPoll) {
    const Result<v1::CoordinatorStatus> status = client.GetStatus();
    if (!status.ok()) return status.status();
    if (status->num_trainers() >= num_trainers && status->num_evaluators() > 0) return OkStatus();
    if (!SleepFor(kPoll, stop)) return Cancelled("interrupted");
  }
  return Internal("the clients did not join within {} s", kPatience.count() / 1000);
}

int RunLocally(const Context& context, LocalCluster& cluster, const StartRoundOptions& options,
               const std::stop_token& stop) {
  AdminClient client(cluster.address(), stop);
  const Status joined = AwaitClients(client, options.cluster.num_clients, stop);
  return joined.ok() ? StartAndFollow(context, client, options, stop) : context.Fail(joined);
}

// Of a cluster that could not be started, or ended.
int CodeFor(const Status& status) {
  return status.code() == StatusCode::kInvalidArgument ? cli::kExitUsage : cli::kExitFailed;
}

}  // namespace

int StartLocally(const Context& context, StartRoundOptions options) {
  std::stop_source stop;
  const std::stop_callback interrupt(context.stop, [&stop] { stop.request_stop(); });
  options.cluster.num_clients = options.NumVirtual();
  options.cluster.seed = options.plan.train.seed;
  options.output = options.output.value_or("global.pt");
  if (!context.quiet) {
    context.console.Complain(
        fmt::format("starting a coordinator, {} virtual clients and an evaluator for this run",
                    options.cluster.num_clients));
  }
  const Result<std::unique_ptr<LocalCluster>> cluster =
      LocalCluster::Start(options.cluster, stop.get_token());
  if (!cluster.ok()) {
    const int code = context.Fail(cluster.status());
    return code == kExitInterrupted ? code : CodeFor(cluster.status());
  }
  Status died;  // a program of the cluster; that ends the wait
  int code = cli::kExitDone;
  {
    const std::jthread watchdog([&](const std::stop_token& done) {
      while (died.ok() && SleepFor(Duration(50), done)) died = (*cluster)->Check();
      if (!died.ok()) stop.request_stop();
    });
    Context local = context;
    local.coordinator = (*cluster)->address();
    code = RunLocally(local, **cluster, options, stop.get_token());
  }
  if (died.ok()) return code;
  context.console.Complain(died.message());
  return CodeFor(died);
}

}  // namespace fedge::fedctl
