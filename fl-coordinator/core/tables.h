#pragma once

#include <string>
#include <string_view>

#include "fedge/coordinator/records.h"
#include "fedge/coordinator/row_io.h"

// The tables of the coordinator's database: Table<Record> has the table's name, its key, and the
// one list of columns that the schema, the statements, the checksum and the way from and to a row
// all follow. Columns of the key come first. A change here is a new schema version
// (store_schema.h).
namespace fedge {

struct MetaRow {
  std::string name;
  std::string value;
};

// The newest global model; one row.
struct GlobalModelRow {
  std::int64_t slot = 0;
  ModelRef model;
};

template <typename Record>
struct Table;

template <>
struct Table<MetaRow> {
  static constexpr std::string_view kName = "meta";
  static constexpr std::string_view kKey = "name";
  static constexpr int kKeyColumns = 1;
  template <typename R, typename V>
  static void Visit(R& row, V& visit) {
    visit("name", row.name);
    visit("value", row.value);
  }
};

template <>
struct Table<GlobalModelRow> {
  static constexpr std::string_view kName = "global_model";
  static constexpr std::string_view kKey = "slot";
  static constexpr int kKeyColumns = 1;
  template <typename R, typename V>
  static void Visit(R& row, V& visit) {
    visit("slot", row.slot);
    visit("digest", row.model.digest);
    visit("size", row.model.size);
    visit("round", row.model.round);
    visit("crc32", row.model.crc32);
  }
};

template <>
struct Table<RunRecord> {
  static constexpr std::string_view kName = "runs";
  static constexpr std::string_view kKey = "run";
  static constexpr int kKeyColumns = 1;
  template <typename R, typename V>
  static void Visit(R& record, V& visit) {
    visit("run", record.run);
    VisitPlan(record.plan, visit);
    visit("request_id", record.request_id);
    visit("rounds_completed", record.rounds_completed);
    visit("retries_used", record.retries_used);
    visit("ended", record.ended);
    visit("goal_reached", record.goal_reached);
    visit("error", record.error);
    visit("reset", record.reset);
    visit("paused", record.paused);
    visit("started_ms", record.started);
    visit("ended_ms", record.ended_at);
  }

 private:
  template <typename P, typename V>
  static void VisitPlan(P& plan, V& visit) {
    visit("num_rounds", plan.num_rounds);
    visit("num_clients", plan.num_clients);
    visit("min_clients", plan.min_clients);
    visit("over_select", plan.over_select);
    visit("deadline_ms", plan.deadline);
    visit("where_labels", plan.where);
    visit("max_retries", plan.max_retries);
    visit("epochs", plan.train.epochs);
    visit("batch_size", plan.train.batch_size);
    visit("optimizer", plan.train.optimizer);
    visit("learning_rate", plan.train.learning_rate);
    visit("momentum", plan.train.momentum);
    visit("weight_decay", plan.train.weight_decay);
    visit("prox_mu", plan.train.prox_mu);
    visit("seed", plan.train.seed);
    visit("learning_rate_decay", plan.learning_rate_decay);
    visit("until", plan.until);
    visit("evaluation_deadline_ms", plan.evaluation_deadline);
  }
};

template <>
struct Table<RoundRecord> {
  static constexpr std::string_view kName = "rounds";
  static constexpr std::string_view kKey = "round";
  static constexpr int kKeyColumns = 1;
  template <typename R, typename V>
  static void Visit(R& record, V& visit) {
    visit("round", record.round);
    visit("run", record.run);
    visit("index_in_run", record.index_in_run);
    visit("phase", record.phase);
    visit("base_digest", record.base.digest);
    visit("base_size", record.base.size);
    visit("base_round", record.base.round);
    visit("base_crc32", record.base.crc32);
    visit("model_digest", record.model.digest);
    visit("model_size", record.model.size);
    visit("model_round", record.model.round);
    visit("model_crc32", record.model.crc32);
    visit("num_wanted", record.num_wanted);
    visit("num_selected", record.num_selected);
    visit("num_accepted", record.num_accepted);
    visit("num_refused", record.num_refused);
    visit("num_failed", record.num_failed);
    visit("num_late", record.num_late);
    visit("num_surplus", record.num_surplus);
    visit("num_examples", record.num_examples);
    visit("bytes_down", record.bytes_down);
    visit("bytes_up", record.bytes_up);
    visit("before_examples", record.train_before.num_examples);
    visit("before_loss", record.train_before.loss);
    visit("before_accuracy", record.train_before.accuracy);
    visit("after_examples", record.train_after.num_examples);
    visit("after_loss", record.train_after.loss);
    visit("after_accuracy", record.train_after.accuracy);
    visit("evaluation_examples", record.evaluation.num_examples);
    visit("evaluation_loss", record.evaluation.loss);
    visit("evaluation_accuracy", record.evaluation.accuracy);
    visit("evaluation_pending", record.evaluation_pending);
    visit("error", record.error);
    visit("started_ms", record.started);
    visit("training_started_ms", record.training_started);
    visit("aggregation_started_ms", record.aggregation_started);
    visit("ended_ms", record.ended);
  }
};

template <>
struct Table<TaskRecord> {
  static constexpr std::string_view kName = "tasks";
  static constexpr std::string_view kKey = "round, client";
  static constexpr int kKeyColumns = 2;
  template <typename R, typename V>
  static void Visit(R& record, V& visit) {
    visit("round", record.round);
    visit("client", record.client);
    visit("state", record.state);
    visit("reason", record.reason);
    visit("refusal", record.refusal);
    visit("num_examples", record.result.num_examples);
    visit("before_examples", record.result.before.num_examples);
    visit("before_loss", record.result.before.loss);
    visit("before_accuracy", record.result.before.accuracy);
    visit("after_examples", record.result.after.num_examples);
    visit("after_loss", record.result.after.loss);
    visit("after_accuracy", record.result.after.accuracy);
    visit("train_seconds", record.result.train_seconds);
    visit("num_steps", record.result.num_steps);
    visit("segment", record.extent.segment);
    visit("extent_offset", record.extent.offset);
    visit("extent_size", record.extent.size);
    visit("extent_crc32", record.extent.crc32);
    visit("updated_ms", record.updated);
  }
};

template <>
struct Table<ClientRecord> {
  static constexpr std::string_view kName = "clients";
  static constexpr std::string_view kKey = "client";
  static constexpr int kKeyColumns = 1;
  template <typename R, typename V>
  static void Visit(R& record, V& visit) {
    visit("client", record.client);
    visit("role", record.role);
    visit("labels", record.labels);
    visit("num_examples", record.num_examples);
    visit("software", record.software);
    visit("first_seen_ms", record.first_seen);
    visit("last_seen_ms", record.last_seen);
    visit("num_accepted", record.num_accepted);
    visit("num_refused", record.num_refused);
    visit("bytes_up", record.bytes_up);
    visit("examples_per_second", record.examples_per_second);
    visit("last_refusal", record.last_refusal);
    visit("last_refusal_code", record.last_refusal_code);
  }
};

template <>
struct Table<EventRecord> {
  static constexpr std::string_view kName = "events";
  static constexpr std::string_view kKey = "sequence";
  static constexpr int kKeyColumns = 1;
  template <typename R, typename V>
  static void Visit(R& record, V& visit) {
    visit("sequence", record.sequence);
    visit("time_ms", record.time);
    visit("kind", record.kind);
    visit("run", record.run);
    visit("round", record.round);
    visit("client", record.client);
    visit("message", record.message);
  }
};

}  // namespace fedge
