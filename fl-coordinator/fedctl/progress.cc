#include "fedge/fedctl/progress.h"

#include <algorithm>
#include <cmath>

#include "fedge/fedctl/format.h"

namespace fedge::fedctl {
namespace {

constexpr std::size_t kMaxRecent = 32;

bool Finished(const v1::RoundSummary& round) {
  return round.phase() == v1::COMPLETED || round.phase() == v1::ERROR;
}

bool Evaluated(const v1::RoundSummary& round) { return round.evaluation().num_examples() > 0; }

Duration Took(const v1::RoundSummary& round) {
  return Duration(std::max<std::int64_t>(round.ended_unix_ms() - round.started_unix_ms(), 0));
}

}  // namespace

void RunProgress::Apply(const v1::WatchResponse& message) {
  status_ = message.status();
  const v1::RoundSummary& round = status_.round();
  if (round.run() == run_ && round.round() > last_taken_ && Finished(round)) {
    waiting_[round.round()] = round;
  }
  for (const v1::RoundSummary& changed : message.rounds()) {
    if (changed.run() == run_ && changed.round() > last_taken_) waiting_[changed.round()] = changed;
  }
}

std::vector<v1::RoundSummary> RunProgress::TakeFinished(bool all) {
  // A round may be shown without its evaluation once a later one has been evaluated, or none is
  // under way.
  std::uint64_t last_evaluated = 0;
  for (const auto& [id, round] : waiting_) {
    if (Evaluated(round)) last_evaluated = id;
  }
  std::vector<v1::RoundSummary> taken;
  while (!waiting_.empty()) {
    const v1::RoundSummary& round = waiting_.begin()->second;
    const bool settled = round.phase() == v1::ERROR || Evaluated(round) ||
                         round.round() < last_evaluated || !status_.evaluation_pending() || all;
    if (!Finished(round) || !settled) break;
    last_taken_ = round.round();
    taken_bytes_down_ += round.bytes_down();
    taken_bytes_up_ += round.bytes_up();
    taken.push_back(round);
    waiting_.erase(waiting_.begin());
  }
  recent_.insert(recent_.end(), taken.begin(), taken.end());
  if (recent_.size() > kMaxRecent) {
    recent_.erase(recent_.begin(), recent_.end() - static_cast<std::ptrdiff_t>(kMaxRecent));
  }
  return taken;
}

std::uint64_t RunProgress::bytes_down() const {
  std::uint64_t bytes = taken_bytes_down_;
  for (const auto& [id, round] : waiting_) bytes += round.bytes_down();
  const v1::RoundSummary& round = status_.round();
  const bool counted = round.round() <= last_taken_ || waiting_.contains(round.round());
  return bytes + (round.run() == run_ && !counted ? round.bytes_down() : 0);
}

std::uint64_t RunProgress::bytes_up() const {
  std::uint64_t bytes = taken_bytes_up_;
  for (const auto& [id, round] : waiting_) bytes += round.bytes_up();
  const v1::RoundSummary& round = status_.round();
  const bool counted = round.round() <= last_taken_ || waiting_.contains(round.round());
  return bytes + (round.run() == run_ && !counted ? round.bytes_up() : 0);
}

Pace RunProgress::PaceAt(TimePoint now) const {
  Pace pace;
  for (const v1::RoundSummary& round : recent_) {
    if (round.phase() == v1::COMPLETED) pace.finished.push_back(Took(round));
  }
  for (const auto& [id, round] : waiting_) {
    if (round.phase() == v1::COMPLETED) pace.finished.push_back(Took(round));
  }
  const v1::RunStatus& run = status_.run();
  const v1::RoundSummary& round = status_.round();
  pace.in_round = !run.ended() && round.run() == run_ && !Finished(round);
  if (pace.in_round) {
    const Duration elapsed = now.time_since_epoch() - Duration(round.started_unix_ms());
    pace.elapsed = std::max(elapsed, Duration(0));
    pace.accepted = round.tasks().accepted();
    pace.needed = run.plan().num_clients();
  }
  const std::uint32_t begun = run.rounds_completed() + (pace.in_round ? 1 : 0);
  pace.rounds_left =
      run.ended() || begun >= run.plan().num_rounds() ? 0 : run.plan().num_rounds() - begun;
  return pace;
}

}  // namespace fedge::fedctl
