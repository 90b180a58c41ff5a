#pragma once

#include <cstdint>
#include <limits>

#include "fedge/v1/admin.pb.h"

namespace fedge::fedctl {

inline constexpr std::int64_t kStart = 1'700'000'000'000;

inline v1::Metrics SampleMetrics(double loss, double accuracy) {
  v1::Metrics metrics;
  metrics.set_num_examples(360);
  metrics.set_loss(loss);
  metrics.set_accuracy(accuracy);
  return metrics;
}

// Round `round` of run 1, completed in 1.5 s; evaluated if `accuracy` is a number.
inline v1::RoundSummary SampleRound(std::uint64_t round,
                                    double accuracy = std::numeric_limits<double>::quiet_NaN()) {
  v1::RoundSummary summary;
  summary.set_round(round);
  summary.set_run(1);
  summary.set_index_in_run(static_cast<std::uint32_t>(round));
  summary.set_phase(v1::COMPLETED);
  summary.mutable_tasks()->set_selected(60);
  summary.mutable_tasks()->set_accepted(50);
  summary.mutable_tasks()->set_refused(1);
  summary.set_started_unix_ms(kStart + static_cast<std::int64_t>(round) * 2000);
  summary.set_ended_unix_ms(summary.started_unix_ms() + 1500);
  summary.set_bytes_down(530'000);
  summary.set_bytes_up(520'000);
  summary.set_num_examples(1437);
  *summary.mutable_train_after() = SampleMetrics(0.25, 0.9);
  if (accuracy == accuracy) *summary.mutable_evaluation() = SampleMetrics(0.3, accuracy);
  summary.set_model_digest(std::string(32, '\xAB'));
  return summary;
}

// Run 1 of three rounds, in round `round`, with 32 of 50 updates.
inline v1::CoordinatorStatus SampleStatus(std::uint64_t round) {
  v1::CoordinatorStatus status;
  status.set_coordinator_id("c0ffee");
  status.set_version("0.1.0");
  status.set_phase(v1::TRAINING);
  status.set_num_trainers(60);
  status.set_num_evaluators(1);
  status.set_model_name("model.pt");
  status.set_num_parameters(2410);
  status.mutable_model()->set_digest(std::string(32, '\xCD'));
  status.mutable_model()->set_size(11'000);
  v1::RunStatus& run = *status.mutable_run();
  run.set_run(1);
  run.set_rounds_completed(static_cast<std::uint32_t>(round - 1));
  run.set_started_unix_ms(kStart);
  run.mutable_plan()->set_num_rounds(3);
  run.mutable_plan()->set_num_clients(50);
  v1::RoundSummary& summary = *status.mutable_round();
  summary.set_round(round);
  summary.set_run(1);
  summary.set_index_in_run(static_cast<std::uint32_t>(round));
  summary.set_phase(v1::TRAINING);
  summary.set_started_unix_ms(kStart + static_cast<std::int64_t>(round) * 2000);
  summary.mutable_tasks()->set_selected(60);
  summary.mutable_tasks()->set_training(18);
  summary.mutable_tasks()->set_accepted(32);
  summary.mutable_tasks()->set_late(2);
  summary.set_bytes_down(300'000);
  summary.set_bytes_up(200'000);
  return status;
}

// Run 1 ended after this round.
inline v1::CoordinatorStatus EndedStatus(std::uint64_t last_round) {
  v1::CoordinatorStatus status = SampleStatus(last_round);
  status.set_phase(v1::COMPLETED);
  *status.mutable_round() = SampleRound(last_round);
  status.mutable_run()->set_rounds_completed(static_cast<std::uint32_t>(last_round));
  status.mutable_run()->set_ended(true);
  status.mutable_run()->set_ended_unix_ms(kStart + 8000);
  return status;
}

inline v1::WatchResponse Message(const v1::CoordinatorStatus& status,
                                 const std::vector<v1::RoundSummary>& rounds = {}) {
  v1::WatchResponse message;
  *message.mutable_status() = status;
  for (const v1::RoundSummary& round : rounds) *message.add_rounds() = round;
  return message;
}

}  // namespace fedge::fedctl
