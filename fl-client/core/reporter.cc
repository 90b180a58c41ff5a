#include "fedge/client/reporter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "fedge/common/number_text.h"

namespace fedge::client {
namespace {

// How long a round rests before its line is written, in case that more of its tasks come.
constexpr Duration kSettle{1'000};
constexpr Duration kFirstOutageInterval{10'000};
constexpr Duration kMaxOutageInterval{300'000};

constexpr std::array<std::string_view, 7> kEndNames = {"accepted", "refused",   "late",   "surplus",
                                                       "failed",   "evaluated", "stopped"};

double Seconds(Duration duration) { return static_cast<double>(duration.count()) / 1000; }

std::string LossText(double loss) {
  return std::isfinite(loss) ? fmt::format("{:.4f}", loss) : NumberText(loss);
}

}  // namespace

void Reporter::Mean::Add(const Metrics& metrics) {
  if (!metrics.measured()) return;
  const auto weight = static_cast<double>(metrics.num_examples);
  examples += weight;
  loss_sum += weight * metrics.loss;
  if (!metrics.has_accuracy()) return;
  accuracy_examples += weight;
  accuracy_sum += weight * metrics.accuracy;
}

Reporter::Reporter(std::string coordinator, std::vector<std::string> client_ids, LogSink sink)
    : coordinator_(std::move(coordinator)),
      ids_(std::move(client_ids)),
      sink_(std::move(sink)),
      up_(ids_.size()) {}

void Reporter::On(std::size_t client, const TaskStarted& event, TimePoint now) {
  Line(log::Level::kDebug, fmt::format("task started client={} task={} round={}", ids_[client],
                                       event.task.id, event.task.round));
  Round& round = rounds_[event.task.round];
  if (round.open + round.ended == 0) round.started = now;
  ++round.open;
}

void Reporter::On(std::size_t client, const TaskEnded& event, TimePoint now) {
  const auto end = static_cast<std::size_t>(event.end);
  Round& round = rounds_[event.task.round];
  if (round.open > 0) --round.open;
  ++round.ended;
  ++round.ends[end];
  round.last_end = now;
  if (event.update != nullptr && event.end == TaskEnd::kAccepted) {
    const TrainResult& result = event.update->output.result;
    round.examples += result.num_examples;
    round.bytes += event.update->output.payload.size();
    round.before.Add(result.before);
    round.after.Add(result.after);
  }
  round.evaluation.Add(event.evaluation);

  const bool bad = event.end == TaskEnd::kRefused || event.end == TaskEnd::kFailed;
  const bool warn = bad && !std::exchange(round.warned, round.warned || bad);
  Line(
      warn ? log::Level::kWarning : log::Level::kDebug,
      fmt::format("task {} client={} task={} round={}{}{}", kEndNames[end], ids_[client],
                  event.task.id, event.task.round, event.reason.empty() ? "" : ": ", event.reason));
}

void Reporter::On(std::size_t client, const LinkLost& event, TimePoint now) {
  if (up_[client]) --num_up_;
  up_[client] = false;
  const bool duplicate = event.status.code() == StatusCode::kAlreadyExists;
  const bool due = !outage_ || now >= next_outage_line_;
  const std::string line =
      duplicate ? fmt::format("coordinator {}: {}; retrying in {:.1f} s client={}", coordinator_,
                              event.status.message(), Seconds(event.retry_in), ids_[client])
                : fmt::format("cannot reach coordinator {}: {}; retrying in {:.1f} s clients={}",
                              coordinator_, event.status.message(), Seconds(event.retry_in),
                              ids_.size() - num_up_ - num_ended_);
  Line(due ? log::Level::kWarning : log::Level::kDebug, line);
  if (!due) return;
  outage_interval_ =
      outage_ ? std::min(outage_interval_ * 2, kMaxOutageInterval) : kFirstOutageInterval;
  next_outage_line_ = now + outage_interval_;
  outage_ = true;
}

void Reporter::On(std::size_t client, const LinkUp&, TimePoint now) {
  if (!up_[client]) ++num_up_;
  up_[client] = true;
  if (num_up_ + num_ended_ >= ids_.size()) return WriteConnected();
  if (!connected_due_) connected_due_ = now + kSettle;
}

void Reporter::On(std::size_t client, const SessionEnded& event, TimePoint) {
  if (up_[client]) --num_up_;
  up_[client] = false;
  ++num_ended_;
  if (event.status.ok()) return;
  // Of a single client the program itself reports it.
  const bool repeated = ids_.size() == 1 || event.status.message() == last_end_reason_;
  last_end_reason_ = event.status.message();
  Line(repeated ? log::Level::kDebug : log::Level::kError,
       fmt::format("session ended client={}: {}", ids_[client], event.status.message()));
}

void Reporter::WriteConnected() {
  connected_due_.reset();
  outage_ = num_up_ + num_ended_ < ids_.size() && outage_;
  const std::string of = num_up_ < ids_.size() ? fmt::format(" of={}", ids_.size()) : "";
  Line(log::Level::kInfo,
       fmt::format("connected coordinator={} clients={}{}", coordinator_, num_up_, of));
}

bool Reporter::IsOver(std::uint64_t number, const Round& round, TimePoint now) const {
  if (round.open > 0) return false;
  return round.ended >= ids_.size() || number < rounds_.rbegin()->first ||
         now >= round.last_end + kSettle;
}

void Reporter::Flush(TimePoint now) {
  for (auto it = rounds_.begin(); it != rounds_.end();) {
    if (!IsOver(it->first, it->second, now)) {
      ++it;
      continue;
    }
    Write(it->first, it->second);
    it = rounds_.erase(it);
  }
  if (connected_due_ && now >= *connected_due_) WriteConnected();
}

void Reporter::Finish(TimePoint) {
  for (const auto& [number, round] : rounds_) Write(number, round);
  rounds_.clear();
}

std::optional<TimePoint> Reporter::NextDeadline() const {
  std::optional<TimePoint> earliest = connected_due_;
  for (const auto& [number, round] : rounds_) {
    if (round.open > 0) continue;
    const TimePoint due = round.last_end + kSettle;
    if (!earliest || due < *earliest) earliest = due;
  }
  return earliest;
}

void Reporter::Write(std::uint64_t number, const Round& round) {
  std::string line =
      fmt::format("round ended round={} clients={}", number, round.ended + round.open);
  for (std::size_t end = 0; end < kNumEnds; ++end) {
    if (round.ends[end] > 0) line += fmt::format(" {}={}", kEndNames[end], round.ends[end]);
  }
  if (round.examples > 0) line += fmt::format(" examples={} bytes={}", round.examples, round.bytes);
  const auto mean = [](double sum, double examples) { return examples > 0 ? sum / examples : 0; };
  if (round.before.examples > 0 && round.after.examples > 0) {
    line +=
        fmt::format(" loss={}->{}", LossText(mean(round.before.loss_sum, round.before.examples)),
                    LossText(mean(round.after.loss_sum, round.after.examples)));
  }
  if (round.before.accuracy_examples > 0 && round.after.accuracy_examples > 0) {
    line += fmt::format(" accuracy={:.4f}->{:.4f}",
                        mean(round.before.accuracy_sum, round.before.accuracy_examples),
                        mean(round.after.accuracy_sum, round.after.accuracy_examples));
  }
  const Mean& evaluation = round.evaluation;
  if (evaluation.examples > 0)
    line += " loss=" + LossText(mean(evaluation.loss_sum, evaluation.examples));
  if (evaluation.accuracy_examples > 0) {
    line += fmt::format(" accuracy={:.4f}",
                        mean(evaluation.accuracy_sum, evaluation.accuracy_examples));
  }
  line += fmt::format(" seconds={:.3f}", Seconds(round.last_end - round.started));
  Line(log::Level::kInfo, line);
}

}  // namespace fedge::client
