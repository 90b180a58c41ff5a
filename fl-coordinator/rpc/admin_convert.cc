#include "fedge/coordinator_rpc/admin_convert.h"

#include <chrono>
#include <cmath>

#include "fedge/rpc/convert.h"

namespace fedge {
namespace {

std::int64_t UnixMs(TimePoint time) { return time.time_since_epoch().count(); }

double SecondsBetween(TimePoint from, TimePoint to) {
  if (from == TimePoint{} || to == TimePoint{} || to < from) return 0;
  return std::chrono::duration<double>(to - from).count();
}

// A year: far beyond any deadline, far below what overflows when it is added to a time.
constexpr std::uint64_t kLongestMs = 366ULL * 24 * 3'600 * 1'000;

Result<Duration> ToDuration(std::string_view field, std::uint64_t milliseconds,
                            Duration otherwise) {
  if (milliseconds == 0) return otherwise;
  if (milliseconds <= kLongestMs) return Duration(static_cast<Duration::rep>(milliseconds));
  return InvalidArgument("{} is {}; at most {}", field, milliseconds, kLongestMs);
}

Result<double> ToFactor(std::string_view field, double value) {
  if (value == 0) return 1.0;
  if (std::isfinite(value) && value > 0) return value;
  return InvalidArgument("{} is {}; it must be finite and above 0", field, value);
}

}  // namespace

v1::RunPlan ToProto(const RunPlan& plan) {
  v1::RunPlan proto;
  proto.set_num_rounds(plan.num_rounds);
  proto.set_num_clients(plan.num_clients);
  proto.set_min_clients(plan.min_clients);
  proto.set_over_select(plan.over_select);
  proto.set_deadline_ms(static_cast<std::uint64_t>(plan.deadline.count()));
  proto.mutable_where()->insert(plan.where.begin(), plan.where.end());
  proto.set_max_retries(plan.max_retries);
  *proto.mutable_train() = ToProto(plan.train);
  proto.set_learning_rate_decay(plan.learning_rate_decay);
  proto.set_until(plan.until);
  proto.set_evaluation_deadline_ms(static_cast<std::uint64_t>(plan.evaluation_deadline.count()));
  return proto;
}

Result<RunPlan> FromProto(const v1::RunPlan& proto) {
  RunPlan plan;
  plan.num_rounds = proto.num_rounds();
  plan.num_clients = proto.num_clients();
  plan.min_clients = proto.min_clients();
  plan.where = {proto.where().begin(), proto.where().end()};
  plan.max_retries = proto.max_retries();
  plan.until = proto.until();
  FEDGE_ASSIGN_OR_RETURN(plan.over_select, ToFactor("over_select", proto.over_select()));
  FEDGE_ASSIGN_OR_RETURN(plan.learning_rate_decay,
                         ToFactor("learning_rate_decay", proto.learning_rate_decay()));
  FEDGE_ASSIGN_OR_RETURN(plan.deadline,
                         ToDuration("deadline_ms", proto.deadline_ms(), plan.deadline));
  FEDGE_ASSIGN_OR_RETURN(plan.evaluation_deadline,
                         ToDuration("evaluation_deadline_ms", proto.evaluation_deadline_ms(),
                                    plan.evaluation_deadline));
  FEDGE_ASSIGN_OR_RETURN(plan.train, FromProto(proto.train()));
  if (plan.train.optimizer.empty()) plan.train.optimizer = TrainConfig{}.optimizer;
  return plan;
}

v1::RunStatus ToProto(const RunRecord& run) {
  v1::RunStatus proto;
  proto.set_run(run.run);
  *proto.mutable_plan() = ToProto(run.plan);
  proto.set_rounds_completed(run.rounds_completed);
  proto.set_ended(run.ended);
  proto.set_goal_reached(run.goal_reached);
  proto.set_paused(run.paused && !run.ended);
  proto.set_error(run.error);
  proto.set_started_unix_ms(UnixMs(run.started));
  proto.set_ended_unix_ms(UnixMs(run.ended_at));
  return proto;
}

v1::RoundSummary ToProto(const RoundRecord& round) {
  v1::RoundSummary proto;
  proto.set_round(round.round);
  proto.set_run(round.run);
  proto.set_index_in_run(round.index_in_run);
  proto.set_phase(ToProto(round.phase));
  v1::TaskCounts& tasks = *proto.mutable_tasks();
  tasks.set_selected(round.num_selected);
  tasks.set_accepted(round.num_accepted);
  tasks.set_refused(round.num_refused);
  tasks.set_failed(round.num_failed);
  tasks.set_late(round.num_late);
  tasks.set_surplus(round.num_surplus);
  proto.set_started_unix_ms(UnixMs(round.started));
  proto.set_ended_unix_ms(UnixMs(round.ended));
  proto.set_bytes_down(round.bytes_down);
  proto.set_bytes_up(round.bytes_up);
  proto.set_num_examples(round.num_examples);
  *proto.mutable_train_before() = ToProto(round.train_before);
  *proto.mutable_train_after() = ToProto(round.train_after);
  *proto.mutable_evaluation() = ToProto(round.evaluation);
  if (round.model.size > 0) {
    proto.set_model_digest(ToBytes(round.model.digest));
    proto.set_model_crc32(round.model.crc32);
  }
  proto.set_error(round.error);
  proto.set_train_seconds(SecondsBetween(round.training_started, round.aggregation_started));
  if (round.phase == PhaseName::kCompleted) {
    proto.set_aggregate_seconds(SecondsBetween(round.aggregation_started, round.ended));
  }
  return proto;
}

v1::TaskInfo ToProto(const TaskRecord& task) {
  v1::TaskInfo proto;
  proto.set_task_id(task.id());
  proto.set_client_id(task.client);
  proto.set_state(std::string(Name(task.state)));
  proto.set_reason(task.reason);
  proto.set_refusal(static_cast<v1::Refusal>(task.refusal));
  *proto.mutable_result() = ToProto(task.result);
  proto.set_bytes_up(task.extent.size);
  proto.set_updated_unix_ms(UnixMs(task.updated));
  return proto;
}

v1::ClientInfo ToProto(const ClientRecord& client) {
  v1::ClientInfo proto;
  proto.set_client_id(client.client);
  proto.set_role(ToProto(client.role));
  proto.mutable_labels()->insert(client.labels.begin(), client.labels.end());
  proto.set_num_examples(client.num_examples);
  proto.set_software(client.software);
  proto.set_first_seen_unix_ms(UnixMs(client.first_seen));
  proto.set_last_seen_unix_ms(UnixMs(client.last_seen));
  proto.set_num_accepted(client.num_accepted);
  proto.set_num_refused(client.num_refused);
  proto.set_bytes_up(client.bytes_up);
  proto.set_examples_per_second(client.examples_per_second);
  proto.set_last_refusal(client.last_refusal);
  proto.set_last_refusal_code(static_cast<v1::Refusal>(client.last_refusal_code));
  return proto;
}

v1::Event ToProto(const EventRecord& event) {
  v1::Event proto;
  proto.set_sequence(event.sequence);
  proto.set_unix_ms(UnixMs(event.time));
  proto.set_kind(event.kind);
  proto.set_run(event.run);
  proto.set_round(event.round);
  proto.set_client_id(event.client);
  proto.set_message(event.message);
  return proto;
}

v1::Phase ToProto(PhaseName phase) {
  switch (phase) {
    case PhaseName::kInitializing:
      return v1::INITIALIZING;
    case PhaseName::kTraining:
      return v1::TRAINING;
    case PhaseName::kAggregating:
      return v1::AGGREGATING;
    case PhaseName::kCompleted:
      return v1::COMPLETED;
    case PhaseName::kError:
      return v1::ERROR;
  }
  return v1::PHASE_UNSPECIFIED;
}

v1::Role ToProto(Role role) {
  return role == Role::kEvaluator ? v1::ROLE_EVALUATOR : v1::ROLE_TRAINER;
}

}  // namespace fedge
