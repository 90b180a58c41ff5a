#include "fedge/scenario/script_words.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace fedge::testing {
namespace {

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// "site:eu,os:linux".
Labels LabelsOf(std::string_view text) {
  Labels labels;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find(','));
    const std::size_t colon = label.find(':');
    if (colon == std::string_view::npos) throw std::invalid_argument("a label is key:value");
    labels.emplace(label.substr(0, colon), label.substr(colon + 1));
    text.remove_prefix(std::min(label.size() + 1, text.size()));
  }
  return labels;
}

}  // namespace

Command Command::Parse(std::string_view line) {
  Command command;
  std::vector<std::string> words = SplitWords(line);
  if (words.empty()) return command;
  command.verb = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos) {
      command.words.push_back(words[i]);
    } else {
      command.options[words[i].substr(0, equals)] = words[i].substr(equals + 1);
    }
  }
  return command;
}

double Number(const std::string& text) {
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument(fmt::format("'{}' is no number", text));
  }
  return value;
}

Duration Time(const std::string& text) {
  if (text.ends_with("ms")) return Duration(Whole<int>(text.substr(0, text.size() - 2)));
  if (text.ends_with("s")) {
    return Duration(static_cast<int>(1000 * Number(text.substr(0, text.size() - 1))));
  }
  throw std::invalid_argument(fmt::format("'{}' is no time; write 30s or 500ms", text));
}

Metrics MetricsOf(const Command& command, std::uint64_t num_examples) {
  Metrics metrics{.num_examples = num_examples};
  for (const auto& [key, value] : command.options) {
    if (key == "examples") metrics.num_examples = Whole<std::uint64_t>(value);
    if (key == "loss") metrics.loss = Number(value);
    if (key == "accuracy") metrics.accuracy = Number(value);
  }
  return metrics;
}

void SetPlanOption(RunPlan& plan, const std::string& key, const std::string& value) {
  if (key == "clients")
    plan.num_clients = Whole<std::uint32_t>(value);
  else if (key == "rounds")
    plan.num_rounds = Whole<std::uint32_t>(value);
  else if (key == "min-clients")
    plan.min_clients = Whole<std::uint32_t>(value);
  else if (key == "over-select")
    plan.over_select = Number(value);
  else if (key == "deadline")
    plan.deadline = Time(value);
  else if (key == "retry")
    plan.max_retries = Whole<std::uint32_t>(value);
  else if (key == "seed")
    plan.train.seed = Whole<std::uint64_t>(value);
  else if (key == "lr")
    plan.train.learning_rate = Number(value);
  else if (key == "lr-decay")
    plan.learning_rate_decay = Number(value);
  else if (key == "optimizer")
    plan.train.optimizer = value;
  else if (key == "until")
    plan.until = value;
  else if (key == "evaluation-deadline")
    plan.evaluation_deadline = Time(value);
  else if (key == "where")
    plan.where = LabelsOf(value);
  else
    throw std::invalid_argument(fmt::format("start has no option '{}'", key));
}

}  // namespace fedge::testing
