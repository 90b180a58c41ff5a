// rounds plot: how training went, as a picture.
#include "fedge/fedctl/rounds_plot.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/output_file.h"
#include "fedge/fedctl/round_pages.h"

namespace fedge::fedctl {
namespace {

constexpr std::string_view kAccuracy = "accuracy";
constexpr std::string_view kLoss = "loss";
constexpr std::size_t kMaxRunMarks = 12;  // more would be a fence

using Rounds = std::vector<v1::RoundSummary>;

bool HasAccuracy(const v1::Metrics& metrics) {
  return metrics.num_examples() > 0 && !std::isnan(metrics.accuracy());
}

// A point for each round that measured it; of a loss NaN is a finding, of an accuracy it means that
// there is none.
template <typename Pick>
ChartSeries SeriesOf(std::string name, std::string color, const Rounds& rounds, bool accuracy,
                     const Pick& pick) {
  ChartSeries series{std::move(name), std::move(color), {}};
  for (const v1::RoundSummary& round : rounds) {
    const v1::Metrics& metrics = pick(round);
    const bool measured = accuracy ? HasAccuracy(metrics) : metrics.num_examples() > 0;
    if (!measured) continue;
    series.points.push_back(
        {static_cast<double>(round.round()), accuracy ? 100 * metrics.accuracy() : metrics.loss()});
  }
  return series;
}

bool HasFinitePoint(const ChartSeries& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const ChartPoint& point) { return std::isfinite(point.y); });
}

// Where a run begins behind another.
std::vector<ChartMark> RunMarks(const Rounds& rounds) {
  std::vector<ChartMark> marks;
  for (std::size_t i = 1; i < rounds.size(); ++i) {
    if (rounds[i].run() == rounds[i - 1].run()) continue;
    marks.push_back(
        {static_cast<double>(rounds[i].round()), fmt::format("run {}", rounds[i].run())});
  }
  if (marks.size() > kMaxRunMarks) marks.clear();
  return marks;
}

std::string Subtitle(const Rounds& rounds) {
  const v1::RoundSummary& first = rounds.front();
  const v1::RoundSummary& last = rounds.back();
  std::string runs = first.run() == last.run()
                         ? fmt::format("run {}", first.run())
                         : fmt::format("runs {} to {}", first.run(), last.run());
  std::string text = first.round() == last.round()
                         ? fmt::format("{}, round {}", runs, first.round())
                         : fmt::format("{}, rounds {} to {}", runs, first.round(), last.round());
  return text + ", " + LocalTime(first.started_unix_ms());
}

struct PlotOptions {
  std::uint64_t run = 0;
  std::optional<std::string> metric;
  std::string output;
  bool force = false;
};

std::string MetricOf(const PlotOptions& options, const Rounds& rounds) {
  if (options.metric) return *options.metric;
  const bool any = std::any_of(rounds.begin(), rounds.end(), [](const v1::RoundSummary& round) {
    return HasAccuracy(round.evaluation()) || HasAccuracy(round.train_after());
  });
  return std::string(any ? kAccuracy : kLoss);
}

int Plot(const Context& context, const PlotOptions& options) {
  AdminClient client = context.Connect();
  const Result<Rounds> rounds = RoundsOf(client, options.run);
  if (!rounds.ok()) return context.Fail(rounds.status());
  const std::string metric = MetricOf(options, *rounds);
  const Result<Chart> chart = ChartOf(*rounds, metric);
  if (!chart.ok()) return context.Fail(chart.status());
  const Status written = WriteOutput(context.console, options.output, DrawSvg(*chart));
  if (!written.ok()) return context.Fail(written);
  if (options.output == kStandardOutput || context.quiet) return cli::kExitDone;
  JsonWriter json = BeginDocument("plotted");
  json.Member("path", options.output)
      .Member("metric", metric)
      .Member("num_rounds", rounds->size())
      .EndObject();
  return context.Show(fmt::format("{}: {} of {} round{}\n", options.output, metric, rounds->size(),
                                  rounds->size() == 1 ? "" : "s"),
                      json.Take());
}

}  // namespace

Result<Chart> ChartOf(const std::vector<v1::RoundSummary>& rounds, std::string_view metric) {
  const bool accuracy = metric == kAccuracy;
  Chart chart;
  chart.title = accuracy ? "Accuracy of the global model" : "Loss of the global model";
  chart.x_label = "round";
  chart.unit = accuracy ? " %" : "";
  chart.series = {SeriesOf(
                      "evaluation, on held-out data", "#2563eb", rounds, accuracy,
                      [](const v1::RoundSummary& round) -> auto& { return round.evaluation(); }),
                  SeriesOf(
                      "training, mean of the clients", "#d97706", rounds, accuracy,
                      [](const v1::RoundSummary& round) -> auto& { return round.train_after(); })};
  std::erase_if(chart.series, [](const ChartSeries& series) { return !HasFinitePoint(series); });
  if (chart.series.empty()) {
    return FailedPrecondition("there is nothing to plot: of {} round{}, none has {} {}",
                              rounds.size(), rounds.size() == 1 ? "" : "s",
                              accuracy ? "an" : "a finite", metric);
  }
  chart.subtitle = Subtitle(rounds);
  chart.marks = RunMarks(rounds);
  chart.crosses_name = "failed round";
  for (const v1::RoundSummary& round : rounds) {
    if (round.phase() == v1::ERROR) chart.crosses.push_back(static_cast<double>(round.round()));
  }
  return chart;
}

void AddRoundsPlot(Context& context, cli::Command& rounds) {
  const auto options = std::make_shared<PlotOptions>();
  cli::Command& command = rounds.Subcommand("plot", "the learning curve as an SVG picture");
  command.Option("--run", &options->run, "ID", "of this run only", {.default_text = "all runs"});
  command.Option("--metric", &options->metric, "NAME", "what to plot",
                 {.default_text = "accuracy where it is measured, else loss",
                  .choices = {std::string(kAccuracy), std::string(kLoss)}});
  command.Option("-o,--output", &options->output, "FILE", "where to write it; '-': standard output",
                 {.required = true, .completion = cli::Completion::kFile});
  command.Flag("--force", &options->force, "overwrite FILE");
  command.Example("fedctl rounds plot -o curve.svg", "all rounds; opens in any browser");
  command.Example("fedctl rounds plot --run 3 --metric loss -o loss.svg", "the losses of run 3");
  command.Validate([options] { return CheckResultOutput(options->output, options->force); });
  command.Run([&context, options] { return Plot(context, *options); });
}

}  // namespace fedge::fedctl
