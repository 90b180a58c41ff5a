#include "fedge/fedctl/start_round.h"

#include <cmath>
#include <memory>
#include <random>

#include <fmt/format.h>

#include "fedge/fedctl/follow.h"
#include "fedge/fedctl/follow_command.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/model_export.h"

namespace fedge::fedctl {
namespace {

Status CheckLocal(const StartRoundOptions& options) {
  const LocalOptions& cluster = options.cluster;
  const std::string data = cluster.data.value_or("digits");
  if (options.detach) return InvalidArgument("--detach and --local exclude each other");
  if (!options.plan.where.empty()) {
    return InvalidArgument("--where finds no client with --local: its clients have no labels");
  }
  if (!cluster.model.has_value() && DefaultArchitecture(data).empty()) {
    return InvalidArgument("--data {} needs --model FILE; 'fl-client new-model' makes one", data);
  }
  if (options.NumVirtual() < options.plan.clients) {
    return InvalidArgument("--virtual {} is less than --clients {}", options.NumVirtual(),
                           options.plan.clients);
  }
  return CheckOutput(options.output.value_or("global.pt"), options.force);
}

std::string RandomId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

// Sent again with the same id after a lost connection, so that it starts one run however often it
// arrives.
Result<std::uint64_t> Start(const Context& context, AdminClient& client,
                            const StartRoundOptions& options, const std::stop_token& stop) {
  v1::StartRunRequest request;
  *request.mutable_plan() = options.plan.ToProto();
  request.set_request_id(options.request_id.value_or(RandomId()));
  // Whether anybody is there is found out first: then a refused connection later on is worth
  // another attempt.
  const Result<v1::CoordinatorStatus> there = client.GetStatus();
  if (!there.ok()) return there.status();
  if (!options.plan.until.empty() && there->num_evaluators() == 0) {
    return FailedPrecondition(
        "--until needs an evaluator, and none has joined; start one (fl-client --role evaluator): "
        "what clients hold out (--holdout) they measure their own training on, not the global "
        "model");
  }
  const TimePoint begun = context.clock->Now();
  Pauses pauses;
  for (;;) {
    const Result<v1::StartRunResponse> started = client.StartRun(request);
    if (started.ok()) return started->run();
    const bool again = started.status().code() == StatusCode::kUnavailable &&
                       context.clock->Now() - begun < options.timeout;
    if (!again) return started.status();
    context.console.Complain(fmt::format("connection to {} lost; trying again", client.target()));
    if (!SleepFor(pauses.Next(), stop)) return Cancelled("interrupted");
  }
}

int Detach(const Context& context, std::uint64_t run) {
  JsonWriter json = BeginDocument("started");
  json.Member("run", run).EndObject();
  return context.Show(
      fmt::format("run {} started; 'fedctl wait' shows it, 'fedctl abort-round' ends it\n", run),
      json.Take());
}

int Export(const Context& context, AdminClient& client, const std::string& path) {
  const Result<ExportedModel> model = ExportModel(client, std::nullopt, path);
  if (!model.ok()) return context.Fail(model.status());
  JsonWriter json = BeginDocument("exported");
  json.Member("path", path)
      .Member("round", model->round)
      .Member("bytes", model->size)
      .Member("sha256", model->digest.Hex())
      .EndObject();
  return context.Show(fmt::format("{}: the model after round {}\n", path, model->round),
                      json.Take());
}

// A cluster of our own takes its model with it when it ends: what its last completed round left is
// kept, whatever went wrong after it. Returns `code`, of what went wrong.
int Rescue(const Context& context, const std::string& target, const std::string& path, int code) {
  AdminClient client(target, std::stop_token());  // what stopped the run does not stop this
  const Result<v1::CoordinatorStatus> status = client.GetStatus();
  if (!status.ok()) {
    context.console.Complain(fmt::format("{} is not written: {}", path, status.status().message()));
  } else if (status->model_round() > 0) {
    Export(context, client, path);
  } else if (context.stop.stop_requested()) {
    context.console.Complain(fmt::format("no round has completed; {} is not written", path));
  }
  return code;
}

void AddLocalOptions(cli::Command& command, StartRoundOptions& options) {
  const std::string group = "Without a coordinator";
  LocalOptions& cluster = options.cluster;
  command.Flag("--local", &options.local,
               "start a coordinator, virtual clients and an evaluator here for this run only",
               {.group = group});
  command.Option(
      "--virtual", &options.num_virtual, "K", "virtual clients to start",
      {.group = group, .default_text = "as many as are selected", .min = 1, .max = 100'000});
  command.Option(
      "--model", &cluster.model, "FILE", "a TorchScript file to begin with",
      {.group = group,
       .default_text = "a new mlp:64,32,10 for digits, 2nn for mnist, resnet20 for cifar10",
       .completion = cli::Completion::kFile});
  command.Option("--data", &cluster.data, "NAME", "the data set",
                 {.group = group,
                  .default_text = "digits, which is embedded",
                  .suggestions = {"digits", "mnist", "cifar10", "text", "csv", "pt"}});
  command.Option("--data-dir", &cluster.data_dir, "DIR", "where its files are",
                 {.group = group, .completion = cli::Completion::kDirectory});
  command.Option("--partition", &cluster.partition, "HOW",
                 "how clients share the data: iid, shards:2, dirichlet:0.3, quantity:1.5, by-key",
                 {.group = group,
                  .default_text = "iid",
                  .suggestions = {"iid", "shards", "dirichlet", "quantity", "by-key"}});
  command.Option("--workers", &cluster.workers, "W", "model replicas that train at the same time",
                 {.group = group, .default_text = "one for each processor", .min = 1, .max = 1024});
}

void AddOutputOptions(cli::Command& command, StartRoundOptions& options) {
  const std::string group = "Waiting and result";
  command.Flag("-d,--detach", &options.detach, "start the run and return at once",
               {.group = group});
  command.Option("--request-id", &options.request_id, "ID",
                 "a name for this start, at most 64 characters: repeated with the same one it "
                 "starts nothing, and shows the run that it started before",
                 {.group = group, .default_text = "a random one"});
  command.Option("--timeout", &options.timeout, "TIME",
                 "give up after this long without a connection; the run goes on",
                 {.group = group, .min = 0});
  command.Option("-o,--output", &options.output, "FILE", "write the new global model here",
                 {.group = group,
                  .default_text = "global.pt with --local, else none",
                  .completion = cli::Completion::kFile});
  command.Flag("--force", &options.force, "overwrite FILE", {.group = group});
}

}  // namespace

std::uint32_t StartRoundOptions::NumVirtual() const {
  return num_virtual.value_or(
      static_cast<std::uint32_t>(std::ceil(plan.over_select * plan.clients)));
}

Status StartRoundOptions::Validate() const {
  FEDGE_RETURN_IF_ERROR(plan.Validate());
  if (local) return CheckLocal(*this);
  const bool for_local = cluster.model || cluster.data || cluster.data_dir || cluster.partition ||
                         cluster.workers || num_virtual;
  if (for_local) {
    return InvalidArgument(
        "--model, --data, --data-dir, --partition, --virtual and --workers belong to --local; a "
        "coordinator and its clients have their own");
  }
  if (detach && output.has_value()) {
    return InvalidArgument("--detach and --output exclude each other; see 'fedctl model export'");
  }
  return output.has_value() ? CheckOutput(*output, force) : OkStatus();
}

int StartAndFollow(const Context& context, AdminClient& client, const StartRoundOptions& options,
                   const std::stop_token& stop) {
  const Result<std::uint64_t> run = Start(context, client, options, stop);
  if (!run.ok()) {
    const int code = context.Fail(run.status());
    return run.status().code() == StatusCode::kInvalidArgument ? cli::kExitUsage : code;
  }
  if (options.detach) return Detach(context, *run);
  const int code = FollowCommand(context, client,
                                 {.run = *run,
                                  .give_up_after = options.timeout,
                                  .stop = stop,
                                  .can_come_back = !options.local});
  if (!options.output.has_value()) return code;
  if (code == cli::kExitDone) return Export(context, client, *options.output);
  return options.local ? Rescue(context, client.target(), *options.output, code) : code;
}

void AddStartRound(Context& context, cli::App& app) {
  const auto options = std::make_shared<StartRoundOptions>();
  cli::Command& command =
      app.Subcommand("start-round", "trains the global model across N clients, for R rounds");
  command.Description(
      "Shows the progress until the run has ended: one block that is redrawn on a terminal, one "
      "line for each finished round elsewhere, one JSON document for each with --json. Ctrl-C "
      "detaches; the run goes on and 'fedctl wait' shows it again. With --local, Ctrl-C ends the "
      "run, and the model after its last completed round is written, as it is when a later round "
      "fails.");
  AddRunPlanOptions(command, options->plan);
  AddOutputOptions(command, *options);
  AddLocalOptions(command, *options);
  command.Example("fedctl start-round --clients 50 --rounds 10 --epochs 5 --batch-size 10 --lr 0.3",
                  "ten rounds of FedAvg across fifty clients");
  command.Example("fedctl start-round --local --clients 50 --rounds 10 --epochs 5 --lr 0.3",
                  "the same without a coordinator, on the embedded digits; writes global.pt");
  command.Validate([options] { return options->Validate(); });
  command.Run([&context, options] {
    if (options->local) return StartLocally(context, *options);
    AdminClient client = context.Connect();
    return StartAndFollow(context, client, *options, context.stop);
  });
}

}  // namespace fedge::fedctl
