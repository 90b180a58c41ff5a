#include "fedge/fedctl/describe.h"

#include <map>

#include <fmt/format.h>

#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/progress.h"
#include "fedge/fedctl/table.h"
#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

using Align = Table::Align;

std::string Scores(const v1::Metrics& metrics) {
  if (metrics.num_examples() == 0) return "";
  return fmt::format("loss {}, accuracy {} on {} examples", HumanLoss(metrics.loss()),
                     HumanPercent(metrics.accuracy()), HumanCount(metrics.num_examples()));
}

std::string Missing(const v1::CoordinatorStatus& status) {
  const std::string line = WaitingLine(status);
  return line.empty() ? "" : line.substr(std::string_view("waiting for ").size());
}

std::string Counts(const v1::TaskCounts& tasks) {
  return fmt::format(
      "{} selected, {} training, {} accepted, {} refused, {} failed, {} late, {} surplus",
      tasks.selected(), tasks.training(), tasks.accepted(), tasks.refused(), tasks.failed(),
      tasks.late(), tasks.surplus());
}

std::string LabelText(const google::protobuf::Map<std::string, std::string>& labels) {
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  std::string text;
  for (const auto& [key, value] : sorted)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
  return text;
}

std::string RunText(const v1::RunStatus& run) {
  std::string text = fmt::format("{}: {} of {} rounds", run.run(), run.rounds_completed(),
                                 run.plan().num_rounds());
  if (!run.ended()) return text + (run.paused() ? ", paused" : ", active");
  if (!run.error().empty()) return fmt::format("{}, failed: {}", text, run.error());
  return run.goal_reached() ? fmt::format("{}, reached {}", text, run.plan().until())
                            : text + ", completed";
}

// "3", "3 (norm)": how many, and why the last one.
std::string RefusalsText(const v1::ClientInfo& client) {
  const std::string refusal = RefusalName(client.last_refusal_code());
  const std::string count = HumanCount(client.num_refused());
  return refusal.empty() ? count : fmt::format("{} ({})", count, refusal);
}

// "accepted", "refused: norm".
std::string StateText(const v1::TaskInfo& task) {
  const std::string refusal = RefusalName(task.refusal());
  return refusal.empty() ? task.state() : fmt::format("{}: {}", task.state(), refusal);
}

Table TaskTable(const google::protobuf::RepeatedPtrField<v1::TaskInfo>& tasks, bool by_client) {
  Table table({{by_client ? "CLIENT" : "TASK"},
               {"STATE"},
               {"EXAMPLES", Align::kRight},
               {"STEPS", Align::kRight},
               {"SECONDS", Align::kRight},
               {"LOSS BEFORE", Align::kRight},
               {"AFTER", Align::kRight},
               {"UP", Align::kRight},
               {"REASON"}});
  for (const v1::TaskInfo& task : tasks) {
    const v1::TrainResult& result = task.result();
    const bool before = result.before().num_examples() > 0;
    const bool after = result.after().num_examples() > 0;
    table.AddRow({by_client ? task.client_id() : task.task_id(), StateText(task),
                  HumanCount(result.num_examples()), HumanCount(result.num_steps()),
                  fmt::format("{:.2f}", result.train_seconds()),
                  before ? HumanLoss(result.before().loss()) : "-",
                  after ? HumanLoss(result.after().loss()) : "-", HumanBytes(task.bytes_up()),
                  task.reason()});
  }
  return table;
}

}  // namespace

std::string StatusText(const v1::CoordinatorStatus& status, TimePoint now) {
  std::string phase = v1::Phase_Name(status.phase());
  if (!status.error().empty()) phase += fmt::format(": {}", status.error());
  const v1::RoundSummary& round = status.round();
  return RenderFields({
      {"phase", phase},
      {"missing", Missing(status)},
      {"run", status.has_run() ? RunText(status.run()) : "none yet"},
      {"round", status.has_round()
                    ? fmt::format("{} ({} of the run's {})", round.round(), round.index_in_run(),
                                  status.run().plan().num_rounds())
                    : ""},
      {"tasks", status.has_round() ? Counts(round.tasks()) : ""},
      {"traffic", status.has_round() ? fmt::format("{} down, {} up", HumanBytes(round.bytes_down()),
                                                   HumanBytes(round.bytes_up()))
                                     : ""},
      {"local", Scores(round.train_after())},
      {"held out", Scores(round.evaluation())},
      {"deadline", status.deadline_unix_ms() == 0 ? "" : LocalTime(status.deadline_unix_ms())},
      {"clients", fmt::format("{} trainers, {} evaluators joined", status.num_trainers(),
                              status.num_evaluators())},
      {"model", fmt::format("{}, {} parameters, {}, after round {}, sha256 {}",
                            status.model_name().empty() ? "no name" : status.model_name(),
                            HumanCount(status.num_parameters()), HumanBytes(status.model().size()),
                            status.model_round(), HexOf(status.model().digest()).substr(0, 12))},
      {"coordinator", fmt::format("{}, version {}, started {}", status.coordinator_id(),
                                  status.version(), Ago(status.started_unix_ms(), now))},
  });
}

std::string RoundsText(const v1::ListRoundsResponse& rounds, std::size_t width) {
  if (rounds.rounds().empty()) return "no rounds yet\n";
  Table table({{"ROUND", Align::kRight},
               {"RUN", Align::kRight},
               {"PHASE"},
               {"ACCEPTED", Align::kRight},
               {"REFUSED", Align::kRight},
               {"FAILED", Align::kRight},
               {"LATE", Align::kRight},
               {"DOWN", Align::kRight},
               {"UP", Align::kRight},
               {"TOOK", Align::kRight},
               {"LOSS", Align::kRight},
               {"ACCURACY", Align::kRight},
               {"STARTED"},
               {"ERROR"}});
  for (const v1::RoundSummary& round : rounds.rounds()) {
    const bool evaluated = round.evaluation().num_examples() > 0;
    const bool ended = round.ended_unix_ms() != 0;
    table.AddRow(
        {fmt::format("{}", round.round()), fmt::format("{}.{}", round.run(), round.index_in_run()),
         v1::Phase_Name(round.phase()),
         fmt::format("{}/{}", round.tasks().accepted(), round.tasks().selected()),
         fmt::format("{}", round.tasks().refused()), fmt::format("{}", round.tasks().failed()),
         fmt::format("{}", round.tasks().late()), HumanBytes(round.bytes_down()),
         HumanBytes(round.bytes_up()),
         ended ? HumanDuration(Duration(round.ended_unix_ms() - round.started_unix_ms())) : "-",
         evaluated ? HumanLoss(round.evaluation().loss()) : "-",
         evaluated ? HumanPercent(round.evaluation().accuracy()) : "-",
         LocalTime(round.started_unix_ms()), round.error()});
  }
  return table.Render(width);
}

std::string RoundText(const v1::GetRoundResponse& response, std::size_t width) {
  const v1::RoundSummary& round = response.round();
  std::string text = RenderFields({
      {"round",
       fmt::format("{} (number {} of run {})", round.round(), round.index_in_run(), round.run())},
      {"phase", v1::Phase_Name(round.phase())},
      {"error", round.error()},
      {"started", LocalTime(round.started_unix_ms())},
      {"ended", round.ended_unix_ms() == 0 ? "" : LocalTime(round.ended_unix_ms())},
      {"tasks", Counts(round.tasks())},
      {"examples", HumanCount(round.num_examples())},
      {"traffic",
       fmt::format("{} down, {} up", HumanBytes(round.bytes_down()), HumanBytes(round.bytes_up()))},
      {"time", fmt::format("{} training, {} aggregating", HumanSeconds(round.train_seconds()),
                           HumanSeconds(round.aggregate_seconds()))},
      {"local, before", Scores(round.train_before())},
      {"local, after", Scores(round.train_after())},
      {"held out", Scores(round.evaluation())},
      {"model sha256", HexOf(round.model_digest())},
      {"model crc32",
       round.model_digest().empty() ? "" : fmt::format("{:08x}", round.model_crc32())},
  });
  if (!response.tasks().empty()) {
    text += fmt::format("\n{}", TaskTable(response.tasks(), true).Render(width));
  }
  return text;
}

std::string ClientsText(const v1::ListClientsResponse& clients, std::size_t width, TimePoint now) {
  if (clients.clients().empty()) return "no clients yet\n";
  Table table({{"CLIENT"},
               {"ROLE"},
               {"STATE"},
               {"LAST SEEN"},
               {"EXAMPLES", Align::kRight},
               {"ACCEPTED", Align::kRight},
               {"REFUSED", Align::kRight},
               {"UP", Align::kRight},
               {"EXAMPLES/S", Align::kRight},
               {"SOFTWARE"},
               {"LABELS"}});
  for (const v1::ClientInfo& client : clients.clients()) {
    table.AddRow(
        {client.client_id(), client.role() == v1::ROLE_EVALUATOR ? "evaluator" : "trainer",
         client.state(), Ago(client.last_seen_unix_ms(), now), HumanCount(client.num_examples()),
         HumanCount(client.num_accepted()), RefusalsText(client), HumanBytes(client.bytes_up()),
         client.examples_per_second() > 0 ? fmt::format("{:.0f}", client.examples_per_second())
                                          : "-",
         client.software(), LabelText(client.labels())});
  }
  return table.Render(width);
}

std::string ClientText(const v1::GetClientResponse& response, std::size_t width, TimePoint now) {
  const v1::ClientInfo& client = response.client();
  std::string text = RenderFields({
      {"client", client.client_id()},
      {"role", client.role() == v1::ROLE_EVALUATOR ? "evaluator" : "trainer"},
      {"state", client.state()},
      {"labels", LabelText(client.labels())},
      {"software", client.software()},
      {"first seen", LocalTime(client.first_seen_unix_ms())},
      {"last seen", Ago(client.last_seen_unix_ms(), now)},
      {"examples", HumanCount(client.num_examples())},
      {"updates", fmt::format("{} accepted, {} refused, {} up", client.num_accepted(),
                              client.num_refused(), HumanBytes(client.bytes_up()))},
      {"speed", client.examples_per_second() > 0
                    ? fmt::format("{:.0f} examples/s", client.examples_per_second())
                    : ""},
      {"last refusal", client.last_refusal().empty()
                           ? ""
                           : fmt::format("{} ({})", client.last_refusal(),
                                         RefusalName(client.last_refusal_code()))},
  });
  if (!response.recent_tasks().empty()) {
    text += fmt::format("\n{}", TaskTable(response.recent_tasks(), false).Render(width));
  }
  return text;
}

}  // namespace fedge::fedctl
