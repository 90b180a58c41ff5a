#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "fedge/coordinator/records.h"

// Records as text with every member in it, to compare them (NaN equal to NaN) independently of the
// store's own list of columns. A new member of a record stops this file from compiling: add it
// here, to the samples and to the table.
namespace fedge::testing {

inline std::string Text(const std::string& value) { return "'" + value + "'"; }
inline std::string Text(double value) { return fmt::format("{:a}", value); }
inline std::string Text(TimePoint value) {
  return fmt::format("{}", value.time_since_epoch().count());
}
inline std::string Text(Duration value) { return fmt::format("{}", value.count()); }
template <typename T>
std::string Text(T value) {
  static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
  return fmt::format("{}", static_cast<std::int64_t>(value));
}
inline std::string Text(const Labels& labels) {
  std::string text = "{";
  for (const auto& [key, value] : labels) text += Text(key) + ":" + Text(value) + " ";
  return text + "}";
}
inline std::string Text(const Digest& digest) { return digest.Hex(); }
inline std::string Text(const ModelRef&);
inline std::string Text(const Metrics&);
inline std::string Text(const TrainConfig&);
inline std::string Text(const TrainResult&);
inline std::string Text(const RunPlan&);
inline std::string Text(const Extent&);

template <typename... Members>
std::string Join(const Members&... members) {
  return "(" + ((Text(members) + " ") + ...) + ")";
}

inline std::string Text(const ModelRef& model) {
  const auto& [digest, size, round, crc32] = model;
  return Join(digest, size, round, crc32);
}
inline std::string Text(const Metrics& metrics) {
  const auto& [num_examples, loss, accuracy] = metrics;
  return Join(num_examples, loss, accuracy);
}
inline std::string Text(const TrainConfig& config) {
  const auto& [epochs, batch_size, optimizer, learning_rate, momentum, weight_decay, prox_mu,
               seed] = config;
  return Join(epochs, batch_size, optimizer, learning_rate, momentum, weight_decay, prox_mu, seed);
}
inline std::string Text(const TrainResult& result) {
  const auto& [num_examples, before, after, train_seconds, num_steps] = result;
  return Join(num_examples, before, after, train_seconds, num_steps);
}
inline std::string Text(const RunPlan& plan) {
  const auto& [num_rounds, num_clients, min_clients, over_select, deadline, where, max_retries,
               train, learning_rate_decay, until, evaluation_deadline] = plan;
  return Join(num_rounds, num_clients, min_clients, over_select, deadline, where, max_retries,
              train, learning_rate_decay, until, evaluation_deadline);
}
inline std::string Text(const Extent& extent) {
  const auto& [segment, offset, size, crc32] = extent;
  return Join(segment, offset, size, crc32);
}
inline std::string Text(const RunRecord& record) {
  const auto& [run, plan, request_id, rounds_completed, retries_used, ended, goal_reached, error,
               reset, paused, started, ended_at] = record;
  return Join(run, plan, request_id, rounds_completed, retries_used, ended, goal_reached, error,
              reset, paused, started, ended_at);
}
inline std::string Text(const RoundRecord& record) {
  const auto& [round, run, index, phase, base, model, wanted, selected, accepted, refused, failed,
               late, surplus, examples, down, up, before, after, evaluation, pending, error,
               started, training, aggregation, ended] = record;
  return Join(round, run, index, phase, base, model, wanted, selected, accepted, refused, failed,
              late, surplus, examples, down, up, before, after, evaluation, pending, error, started,
              training, aggregation, ended);
}
inline std::string Text(const TaskRecord& record) {
  const auto& [round, client, state, reason, refusal, result, extent, updated] = record;
  return Join(round, client, state, reason, refusal, result, extent, updated);
}
inline std::string Text(const ClientRecord& record) {
  const auto& [client, role, labels, examples, software, first_seen, last_seen, accepted, refused,
               bytes_up, speed, last_refusal, last_refusal_code] = record;
  return Join(client, role, labels, examples, software, first_seen, last_seen, accepted, refused,
              bytes_up, speed, last_refusal, last_refusal_code);
}
inline std::string Text(const EventRecord& record) {
  const auto& [sequence, time, kind, run, round, client, message] = record;
  return Join(sequence, time, kind, run, round, client, message);
}

template <typename Record>
std::vector<std::string> Texts(const std::vector<Record>& records) {
  std::vector<std::string> texts;
  for (const Record& record : records) texts.push_back(Text(record));
  return texts;
}

}  // namespace fedge::testing
