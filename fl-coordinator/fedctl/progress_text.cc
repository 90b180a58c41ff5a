#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fedge/fedctl/format.h"
#include "fedge/fedctl/progress.h"

namespace fedge::fedctl {
namespace {

std::string_view PhaseColor(v1::Phase phase) {
  switch (phase) {
    case v1::COMPLETED:
      return "\033[32m";
    case v1::ERROR:
      return "\033[31m";
    default:
      return "\033[36m";
  }
}

std::string Bar(double fraction, std::size_t width) {
  const auto full = static_cast<std::size_t>(
      std::lround(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(width)));
  std::string bar;
  for (std::size_t i = 0; i < width; ++i) bar += i < full ? "\xE2\x96\x88" : "\xE2\x96\x91";
  return bar;
}

std::string Scores(const v1::Metrics& metrics) {
  std::string text = "loss " + HumanLoss(metrics.loss());
  if (!std::isnan(metrics.accuracy())) text += "  accuracy " + HumanPercent(metrics.accuracy());
  return text;
}

// The newest held-out scores, or where nobody evaluates what the clients measured after training.
std::string ModelLine(const RunProgress& progress) {
  const auto& recent = progress.recent();
  for (auto round = recent.rbegin(); round != recent.rend(); ++round) {
    if (round->evaluation().num_examples() > 0) {
      return fmt::format("held out  {}  (after round {})", Scores(round->evaluation()),
                         round->index_in_run());
    }
    if (round->phase() == v1::COMPLETED && round->train_after().num_examples() > 0) {
      return fmt::format("local     {}  (round {})", Scores(round->train_after()),
                         round->index_in_run());
    }
  }
  return "model     not measured yet";
}

std::string HeadLine(const RunProgress& progress, const BlockOptions& options) {
  const v1::CoordinatorStatus& status = progress.status();
  const v1::RunStatus& run = status.run();
  const std::int64_t until =
      run.ended() ? run.ended_unix_ms() : options.now.time_since_epoch().count();
  const Duration elapsed(std::max<std::int64_t>(until - run.started_unix_ms(), 0));
  std::string line = fmt::format("run {}  round {} of {}  {}  {}", progress.run(),
                                 std::max(status.round().index_in_run(), 1u), progress.num_rounds(),
                                 v1::Phase_Name(status.phase()), HumanDuration(elapsed));
  const auto remaining = EstimateRemaining(progress.PaceAt(options.now));
  if (!run.ended() && remaining.has_value()) line += "  ETA " + HumanDuration(*remaining);
  return line;
}

std::string ClientsLine(const v1::TaskCounts& tasks) {
  std::string line = fmt::format(
      "clients   selected {}  training {}  accepted {}  refused {}  late {}", tasks.selected(),
      tasks.training(), tasks.accepted(), tasks.refused(), tasks.late());
  if (tasks.failed() > 0) line += fmt::format("  failed {}", tasks.failed());
  if (tasks.surplus() > 0) line += fmt::format("  surplus {}", tasks.surplus());
  return line;
}

}  // namespace

std::string RoundLine(const v1::RoundSummary& round, const v1::RunPlan& plan) {
  const std::string of = fmt::format("{}", plan.num_rounds());
  std::string line = fmt::format("round {:>{}}/{}", round.index_in_run(), of.size(), of);
  if (round.phase() == v1::ERROR) return line + "  failed: " + Printable(round.error());
  const v1::TaskCounts& tasks = round.tasks();
  line += fmt::format("  accepted {}/{}", tasks.accepted(), plan.num_clients());
  // First what people wait for: a narrow terminal cuts the rest.
  const bool evaluated = round.evaluation().num_examples() > 0;
  if (evaluated) line += "  held-out " + Scores(round.evaluation());
  if (round.train_after().num_examples() > 0) {
    // What the clients measured on data of their own: held out, or a sample of what they train on.
    line += "  local " + (evaluated ? "loss " + HumanLoss(round.train_after().loss())
                                    : Scores(round.train_after()));
  }
  line += fmt::format("  refused {}  late {}", tasks.refused(), tasks.late());
  if (tasks.failed() > 0) line += fmt::format("  failed {}", tasks.failed());
  line +=
      fmt::format("  down {}  up {}", HumanBytes(round.bytes_down()), HumanBytes(round.bytes_up()));
  line += "  " +
          HumanSeconds(static_cast<double>(round.ended_unix_ms() - round.started_unix_ms()) / 1000);
  return line;
}

std::string WaitingLine(const v1::CoordinatorStatus& status) {
  const std::uint32_t missing = status.clients_waited_for();
  if (status.phase() != v1::INITIALIZING) return "";
  if (status.run().paused()) return "paused; 'fedctl resume' lets the run go on";
  if (missing == 0) return "";
  return fmt::format("waiting for {} more client{} ({} joined)", missing, missing == 1 ? "" : "s",
                     status.num_trainers());
}

std::string RunEndLine(const RunProgress& progress) {
  const v1::RunStatus& run = progress.status().run();
  const Duration took(std::max<std::int64_t>(run.ended_unix_ms() - run.started_unix_ms(), 0));
  std::string line = run.error().empty() ? fmt::format("run {} completed", run.run())
                                         : fmt::format("run {} failed", run.run());
  line += fmt::format(": {} of {} rounds in {}", run.rounds_completed(), run.plan().num_rounds(),
                      HumanDuration(took));
  if (run.goal_reached()) line += fmt::format(", reached {}", Printable(run.plan().until()));
  if (!run.goal_reached() && !run.plan().until().empty() && run.error().empty()) {
    line += fmt::format(", did not reach {}", Printable(run.plan().until()));
  }
  if (progress.recent().empty()) return line;
  const v1::RoundSummary& last = progress.recent().back();
  if (last.evaluation().num_examples() > 0) line += ", held-out " + Scores(last.evaluation());
  return line;
}

std::vector<std::string> ProgressBlock(const RunProgress& progress, const BlockOptions& options) {
  const v1::CoordinatorStatus& status = progress.status();
  const v1::RunPlan& plan = status.run().plan();
  const v1::TaskCounts& tasks = status.round().tasks();
  std::vector<std::string> lines = {HeadLine(progress, options)};
  const double fraction =
      plan.num_clients() > 0 ? static_cast<double>(tasks.accepted()) / plan.num_clients() : 0;
  const std::size_t bar_width = std::clamp<std::size_t>(options.width / 2, 4, 40);
  lines.push_back(fmt::format("updates   {} {}/{}", Bar(fraction, bar_width), tasks.accepted(),
                              plan.num_clients()));
  lines.push_back(ClientsLine(tasks));
  lines.push_back(fmt::format("traffic   down {}  up {}", HumanBytes(progress.bytes_down()),
                              HumanBytes(progress.bytes_up())));
  lines.push_back(ModelLine(progress));
  if (const std::string waiting = WaitingLine(status); !waiting.empty()) lines.push_back(waiting);
  if (!options.notice.empty()) lines.push_back(options.notice);

  const auto& recent = progress.recent();
  constexpr std::size_t kMaxShown = 5;
  const std::size_t room =
      options.height > lines.size() + 1 ? options.height - lines.size() - 1 : 0;
  const std::size_t shown = std::min({recent.size(), room, kMaxShown});
  for (std::size_t i = recent.size() - shown; i < recent.size(); ++i) {
    lines.push_back(RoundLine(recent[i], plan));
  }
  if (lines.size() >= options.height) lines.resize(std::max<std::size_t>(options.height, 2) - 1);
  for (std::string& line : lines) line = Fit(line, options.width);
  if (options.color) {
    const std::string phase = v1::Phase_Name(status.phase());
    if (const std::size_t at = lines.front().find(phase); at != std::string::npos) {
      lines.front().replace(at, phase.size(),
                            fmt::format("{}{}\033[0m", PhaseColor(status.phase()), phase));
    }
  }
  return lines;
}

}  // namespace fedge::fedctl
