#include "fedge/fedctl/json_view.h"

#include <cmath>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

// A time that may not have come yet.
std::optional<std::int64_t> Time(std::int64_t unix_ms) {
  return unix_ms == 0 ? std::nullopt : std::optional(unix_ms);
}

std::optional<std::string> Text(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void AddMetrics(std::string_view key, const v1::Metrics& metrics, JsonWriter& json) {
  json.Key(key);
  if (metrics.num_examples() == 0) {
    json.Null();
    return;
  }
  json.BeginObject()
      .Member("num_examples", metrics.num_examples())
      .Member("loss", metrics.loss())
      .Member("accuracy", metrics.accuracy())
      .EndObject();
}

void AddPlan(const v1::RunPlan& plan, JsonWriter& json) {
  const v1::TrainConfig& train = plan.train();
  json.BeginObject()
      .Member("num_rounds", plan.num_rounds())
      .Member("num_clients", plan.num_clients())
      .Member("min_clients", plan.min_clients())
      .Member("over_select", plan.over_select())
      .Member("deadline_ms", plan.deadline_ms())
      .Member("max_retries", plan.max_retries())
      .Member("until", Text(plan.until()))
      .Key("where")
      .BeginObject();
  for (const auto& [key, value] : plan.where()) json.Member(key, value);
  json.EndObject()
      .Member("epochs", train.epochs())
      .Member("batch_size", train.batch_size())
      .Member("optimizer", train.optimizer())
      .Member("learning_rate", train.learning_rate())
      .Member("learning_rate_decay", plan.learning_rate_decay())
      .Member("momentum", train.momentum())
      .Member("weight_decay", train.weight_decay())
      .Member("prox_mu", train.prox_mu())
      .Member("seed", train.seed())
      .EndObject();
}

template <typename Message, typename Add>
void AddOptional(std::string_view key, bool present, const Message& message, Add add,
                 JsonWriter& json) {
  json.Key(key);
  if (!present) {
    json.Null();
    return;
  }
  json.BeginObject();
  add(message, json);
  json.EndObject();
}

template <typename Messages, typename Add>
void AddArray(std::string_view key, const Messages& messages, Add add, JsonWriter& json) {
  json.Key(key).BeginArray();
  for (const auto& message : messages) {
    json.BeginObject();
    add(message, json);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string HexOf(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

JsonWriter BeginDocument(std::string_view type) {
  JsonWriter json;
  json.BeginObject().Member("schema_version", kJsonSchemaVersion).Member("type", type);
  return json;
}

void AddRound(const v1::RoundSummary& round, JsonWriter& json) {
  const v1::TaskCounts& tasks = round.tasks();
  json.Member("round", round.round())
      .Member("run", round.run())
      .Member("index_in_run", round.index_in_run())
      .Member("phase", v1::Phase_Name(round.phase()))
      .Member("selected", tasks.selected())
      .Member("training", tasks.training())
      .Member("accepted", tasks.accepted())
      .Member("refused", tasks.refused())
      .Member("failed", tasks.failed())
      .Member("late", tasks.late())
      .Member("surplus", tasks.surplus())
      .Member("started_unix_ms", Time(round.started_unix_ms()))
      .Member("ended_unix_ms", Time(round.ended_unix_ms()))
      .Member("bytes_down", round.bytes_down())
      .Member("bytes_up", round.bytes_up())
      .Member("num_examples", round.num_examples());
  AddMetrics("train_before", round.train_before(), json);
  AddMetrics("train_after", round.train_after(), json);
  AddMetrics("evaluation", round.evaluation(), json);
  const bool has_model = !round.model_digest().empty();
  json.Member("model_sha256", Text(HexOf(round.model_digest())))
      .Member("model_crc32", has_model ? std::optional(round.model_crc32()) : std::nullopt)
      .Member("train_seconds", round.train_seconds())
      .Member("aggregate_seconds", round.aggregate_seconds())
      .Member("error", Text(round.error()));
}

void AddRun(const v1::RunStatus& run, JsonWriter& json) {
  json.Member("run", run.run())
      .Member("rounds_completed", run.rounds_completed())
      .Member("ended", run.ended())
      .Member("paused", run.paused())
      .Member("goal_reached", run.goal_reached())
      .Member("error", Text(run.error()))
      .Member("started_unix_ms", Time(run.started_unix_ms()))
      .Member("ended_unix_ms", Time(run.ended_unix_ms()))
      .Key("plan");
  AddPlan(run.plan(), json);
}

void AddTask(const v1::TaskInfo& task, JsonWriter& json) {
  const v1::TrainResult& result = task.result();
  json.Member("task_id", task.task_id())
      .Member("client_id", task.client_id())
      .Member("state", task.state())
      .Member("reason", Text(task.reason()))
      .Member("refusal", Text(RefusalName(task.refusal())))
      .Member("bytes_up", task.bytes_up())
      .Member("updated_unix_ms", Time(task.updated_unix_ms()))
      .Member("num_examples", result.num_examples())
      .Member("num_steps", result.num_steps())
      .Member("train_seconds", result.train_seconds());
  AddMetrics("before", result.before(), json);
  AddMetrics("after", result.after(), json);
}

void AddClient(const v1::ClientInfo& client, JsonWriter& json) {
  json.Member("client_id", client.client_id())
      .Member("role", client.role() == v1::ROLE_EVALUATOR ? "evaluator" : "trainer")
      .Member("state", client.state())
      .Key("labels")
      .BeginObject();
  for (const auto& [key, value] : client.labels()) json.Member(key, value);
  json.EndObject()
      .Member("num_examples", client.num_examples())
      .Member("software", client.software())
      .Member("first_seen_unix_ms", Time(client.first_seen_unix_ms()))
      .Member("last_seen_unix_ms", Time(client.last_seen_unix_ms()))
      .Member("num_accepted", client.num_accepted())
      .Member("num_refused", client.num_refused())
      .Member("bytes_up", client.bytes_up())
      .Member("examples_per_second", client.examples_per_second())
      .Member("last_refusal", Text(client.last_refusal()))
      .Member("last_refusal_code", Text(RefusalName(client.last_refusal_code())));
}

std::string StatusJson(const v1::CoordinatorStatus& status) {
  JsonWriter json = BeginDocument("status");
  json.Member("coordinator_id", status.coordinator_id())
      .Member("version", status.version())
      .Member("phase", v1::Phase_Name(status.phase()))
      .Member("error", Text(status.error()))
      .Member("trainers", status.num_trainers())
      .Member("evaluators", status.num_evaluators())
      .Member("clients_waited_for", status.clients_waited_for())
      .Member("evaluation_pending", status.evaluation_pending())
      .Member("deadline_unix_ms", Time(status.deadline_unix_ms()))
      .Member("started_unix_ms", Time(status.started_unix_ms()))
      .Key("model")
      .BeginObject()
      .Member("name", status.model_name())
      .Member("sha256", Text(HexOf(status.model().digest())))
      .Member("bytes", status.model().size())
      .Member("round", status.model_round())
      .Member("num_parameters", status.num_parameters())
      .EndObject();
  AddOptional("run", status.has_run(), status.run(), AddRun, json);
  AddOptional("round", status.has_round(), status.round(), AddRound, json);
  return json.EndObject().Take();
}

std::string RoundsJson(const v1::ListRoundsResponse& rounds) {
  JsonWriter json = BeginDocument("rounds");
  AddArray("rounds", rounds.rounds(), AddRound, json);
  return json.EndObject().Take();
}

std::string RoundJson(const v1::GetRoundResponse& round) {
  JsonWriter json = BeginDocument("round");
  AddRound(round.round(), json);
  AddArray("tasks", round.tasks(), AddTask, json);
  return json.EndObject().Take();
}

std::string ClientsJson(const v1::ListClientsResponse& clients) {
  JsonWriter json = BeginDocument("clients");
  AddArray("clients", clients.clients(), AddClient, json);
  return json.EndObject().Take();
}

std::string ClientJson(const v1::GetClientResponse& client) {
  JsonWriter json = BeginDocument("client");
  AddClient(client.client(), json);
  AddArray("recent_tasks", client.recent_tasks(), AddTask, json);
  return json.EndObject().Take();
}

std::string EventJson(const v1::Event& event) {
  JsonWriter json = BeginDocument("event");
  json.Member("sequence", event.sequence())
      .Member("unix_ms", event.unix_ms())
      .Member("kind", event.kind())
      .Member("run", event.run() == 0 ? std::nullopt : std::optional(event.run()))
      .Member("round", event.round() == 0 ? std::nullopt : std::optional(event.round()))
      .Member("client_id", Text(event.client_id()))
      .Member("message", event.message());
  return json.EndObject().Take();
}

std::string FollowedRoundJson(const v1::RoundSummary& round) {
  JsonWriter json = BeginDocument("round");
  AddRound(round, json);
  return json.EndObject().Take();
}

std::string RunEndJson(const v1::CoordinatorStatus& status) {
  JsonWriter json = BeginDocument("run");
  AddRun(status.run(), json);
  return json.EndObject().Take();
}

}  // namespace fedge::fedctl
