#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "fedge/coordinator/records.h"

// Records in which every member differs from every other and from its default, and equality of all
// their members, NaN equal to NaN.
namespace fedge::testing {

inline Digest DigestOf(std::uint8_t first) {
  Digest digest;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    digest.bytes[i] = static_cast<std::byte>(first + i);
  }
  return digest;
}

inline ModelRef SampleModel(std::uint8_t seed) {
  return {.digest = DigestOf(seed), .size = 1000u + seed, .round = 2u + seed, .crc32 = ~0u - seed};
}

inline TimePoint At(std::int64_t ms) { return TimePoint(Duration(ms)); }

inline RunRecord SampleRun(RunId run) {
  RunRecord record;
  record.run = run;
  record.plan.num_rounds = 11;
  record.plan.num_clients = 12;
  record.plan.min_clients = 13;
  record.plan.over_select = 1.25;
  record.plan.deadline = Duration(14);
  record.plan.where = {{"site", "eu"}, {"", std::string("\0x", 2)}, {"empty", ""}};
  record.plan.max_retries = 15;
  record.plan.train = {.epochs = 16,
                       .batch_size = 17,
                       .optimizer = "adam",
                       .learning_rate = 0.125,
                       .momentum = 0.5,
                       .weight_decay = 1e-300,
                       .prox_mu = 2.5,
                       .seed = ~std::uint64_t{0}};
  record.plan.learning_rate_decay = 0.99;
  record.plan.until = "accuracy>=0.97";
  record.plan.evaluation_deadline = Duration(18);
  record.request_id = "request";
  record.rounds_completed = 19;
  record.retries_used = 20;
  record.ended = true;
  record.goal_reached = true;
  record.error = "it's \"broken\"";
  record.reset = true;
  record.paused = true;
  record.started = At(1'700'000'000'001);
  record.ended_at = At(-5);
  return record;
}

inline RoundRecord SampleRound(RoundId round, RunId run = 3) {
  RoundRecord record;
  record.round = round;
  record.run = run;
  record.index_in_run = 21;
  record.phase = PhaseName::kAggregating;
  record.base = SampleModel(22);
  record.model = SampleModel(23);
  record.num_wanted = 24;
  record.num_selected = 25;
  record.num_accepted = 26;
  record.num_refused = 27;
  record.num_failed = 28;
  record.num_late = 29;
  record.num_surplus = 30;
  record.num_examples = 1u << 31;
  record.bytes_down = 32;
  record.bytes_up = 33;
  record.train_before = {.num_examples = 34, .loss = 0.1, .accuracy = 0.2};
  record.train_after = {.num_examples = 35, .loss = 0.3, .accuracy = std::nan("")};
  record.evaluation = {.num_examples = 36, .loss = INFINITY, .accuracy = 1};
  record.evaluation_pending = true;
  record.error = "none";
  record.started = At(37);
  record.training_started = At(38);
  record.aggregation_started = At(39);
  record.ended = At(40);
  return record;
}

inline TaskRecord SampleTask(RoundId round, ClientId client) {
  TaskRecord record;
  record.round = round;
  record.client = std::move(client);
  record.state = TaskState::kAccepted;
  record.reason = "because";
  record.refusal = RefusalCode::kNorm;
  record.result = {.num_examples = 41,
                   .before = {.num_examples = 42, .loss = 0.5, .accuracy = 0.6},
                   .after = {.num_examples = 43, .loss = std::nan(""), .accuracy = 0.7},
                   .train_seconds = 1.5,
                   .num_steps = 44};
  record.extent = {.segment = round, .offset = 64, .size = 45, .crc32 = 0xffffffff};
  record.updated = At(46);
  return record;
}

inline ClientRecord SampleClient(ClientId client) {
  ClientRecord record;
  record.client = std::move(client);
  record.role = Role::kEvaluator;
  record.labels = {{"gpu", "none"}};
  record.num_examples = 47;
  record.software = "fl-client/0.1";
  record.first_seen = At(48);
  record.last_seen = At(49);
  record.num_accepted = 50;
  record.num_refused = 51;
  record.bytes_up = 52;
  record.examples_per_second = 53.5;
  record.last_refusal = "nan";
  record.last_refusal_code = RefusalCode::kNotFinite;
  return record;
}

inline EventRecord SampleEvent(std::string kind) {
  EventRecord record;
  record.time = At(54);
  record.kind = std::move(kind);
  record.run = 55;
  record.round = 56;
  record.client = "c";
  record.message = "message";
  return record;
}

}  // namespace fedge::testing
