// status, rounds list|show and their like, clients list|show: questions with one answer.
#include <memory>

#include "fedge/fedctl/context.h"
#include "fedge/fedctl/describe.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/round_pages.h"
#include "fedge/fedctl/rounds_export.h"
#include "fedge/fedctl/rounds_plot.h"

namespace fedge::fedctl {

void AddStatus(Context& context, cli::App& app) {
  cli::Command& command = app.Subcommand("status", "phase, run, round, clients and model, now");
  command.Example("fedctl status", "what the coordinator is doing");
  command.Example("fedctl status --json | jq .phase", "one value of it");
  command.Run([&context] {
    const Result<v1::CoordinatorStatus> status = context.Connect().GetStatus();
    if (!status.ok()) return context.Fail(status.status());
    return context.Show(StatusText(*status, context.clock->Now()), StatusJson(*status));
  });
}

void AddRounds(Context& context, cli::App& app) {
  cli::Command& rounds = app.Subcommand("rounds", "the rounds that were run");
  cli::Command& list =
      rounds.Subcommand("list", "rounds with losses, bytes and times, newest first");
  struct Values {
    std::uint64_t run = 0;
    std::uint32_t limit = 100;
    std::uint64_t before = 0;
    std::uint64_t round = 0;
  };
  const auto values = std::make_shared<Values>();
  list.Option("--run", &values->run, "ID", "of this run only", {.default_text = "all runs"});
  list.Option("--limit", &values->limit, "N", "at most this many", {.min = 1, .max = 10'000});
  list.Option("--before", &values->before, "ID", "older than this round",
              {.default_text = "from the newest on"});
  list.Example("fedctl rounds list", "the last hundred rounds");
  list.Example("fedctl rounds list --run 3 --json", "the rounds of run 3 for a script");
  list.Run([&context, values] {
    v1::ListRoundsRequest asked;
    asked.set_run(values->run);
    asked.set_limit(values->limit);
    asked.set_before_round(values->before);
    AdminClient client = context.Connect();
    const Result<v1::ListRoundsResponse> answer = ListAllRounds(client, asked);
    if (!answer.ok()) return context.Fail(answer.status());
    return context.Show(RoundsText(*answer, context.console.TableWidth()), RoundsJson(*answer));
  });

  cli::Command& show = rounds.Subcommand("show", "one round with the tasks of its clients");
  show.Positional("ID", &values->round, "the round", {.min = 1, .required = true});
  show.Example("fedctl rounds show 12", "who took part in round 12, and who was refused and why");
  show.Run([&context, values] {
    v1::GetRoundRequest asked;
    asked.set_round(values->round);
    const Result<v1::GetRoundResponse> answer = context.Connect().GetRound(asked);
    if (!answer.ok()) return context.Fail(answer.status());
    return context.Show(RoundText(*answer, context.console.TableWidth()), RoundJson(*answer));
  });
  AddRoundsExport(context, rounds);
  AddRoundsPlot(context, rounds);
}

void AddClients(Context& context, cli::App& app) {
  cli::Command& clients = app.Subcommand("clients", "the clients that have joined");
  cli::Command& list =
      clients.Subcommand("list", "clients with state, last sign of life and speed");
  struct Values {
    bool joined = false;
    std::uint32_t limit = 1000;
    std::string after;
    std::string client;
  };
  const auto values = std::make_shared<Values>();
  list.Flag("--joined", &values->joined, "only those that are joined now");
  list.Option("--limit", &values->limit, "N", "at most this many", {.min = 1, .max = 10'000});
  list.Option("--after", &values->after, "ID", "clients whose id sorts behind this one",
              {.default_text = "from the first on"});
  list.Example("fedctl clients list --joined", "who is there now");
  list.Example("fedctl clients list --json | jq -r '.clients[].client_id'", "all ids");
  list.Run([&context, values] {
    v1::ListClientsRequest asked;
    asked.set_joined_only(values->joined);
    asked.set_limit(values->limit);
    asked.set_after_client(values->after);
    const Result<v1::ListClientsResponse> answer = context.Connect().ListClients(asked);
    if (!answer.ok()) return context.Fail(answer.status());
    return context.Show(ClientsText(*answer, context.console.TableWidth(), context.clock->Now()),
                        ClientsJson(*answer));
  });

  cli::Command& show = clients.Subcommand("show", "one client with its last tasks");
  show.Positional("ID", &values->client, "the client", {.required = true});
  show.Example("fedctl clients show site-berlin-3", "what became of its updates");
  show.Run([&context, values] {
    v1::GetClientRequest asked;
    asked.set_client_id(values->client);
    const Result<v1::GetClientResponse> answer = context.Connect().GetClient(asked);
    if (!answer.ok()) return context.Fail(answer.status());
    return context.Show(ClientText(*answer, context.console.TableWidth(), context.clock->Now()),
                        ClientJson(*answer));
  });
}

}  // namespace fedge::fedctl
