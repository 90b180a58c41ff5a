#include "fedge/coordinator/goal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace fedge {
namespace {

constexpr std::array<std::pair<std::string_view, Goal::Quantity>, 2> kQuantities{{
    {"accuracy", Goal::Quantity::kAccuracy},
    {"loss", Goal::Quantity::kLoss},
}};

// Longer ones first: ">" begins ">=".
constexpr std::array<std::pair<std::string_view, Goal::Comparison>, 4> kComparisons{{
    {">=", Goal::Comparison::kAtLeast},
    {"<=", Goal::Comparison::kAtMost},
    {">", Goal::Comparison::kAbove},
    {"<", Goal::Comparison::kBelow},
}};

void SkipSpaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// Takes one of the table's words off the front of `text`, and the spaces behind it.
template <typename Table, typename Value>
bool Take(const Table& table, std::string_view& text, Value& out) {
  for (const auto& [word, value] : table) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    SkipSpaces(text);
    out = value;
    return true;
  }
  return false;
}

bool TakeNumber(std::string_view& text, double& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || !std::isfinite(out)) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  SkipSpaces(text);
  return true;
}

template <typename Table, typename Value>
std::string_view WordOf(const Table& table, Value value) {
  for (const auto& [word, candidate] : table) {
    if (candidate == value) return word;
  }
  return {};
}

}  // namespace

bool Goal::ReachedBy(const Metrics& metrics) const {
  if (!metrics.measured()) return false;
  const double measured = quantity == Quantity::kAccuracy ? metrics.accuracy : metrics.loss;
  switch (comparison) {  // each is false for NaN
    case Comparison::kAtLeast:
      return measured >= value;
    case Comparison::kAtMost:
      return measured <= value;
    case Comparison::kAbove:
      return measured > value;
    case Comparison::kBelow:
      return measured < value;
  }
  return false;
}

std::string Goal::ToString() const {
  return fmt::format("{}{}{}", WordOf(kQuantities, quantity), WordOf(kComparisons, comparison),
                     value);
}

Result<Goal> ParseGoal(std::string_view text) {
  constexpr std::size_t kMaxQuoted = 64;
  const std::string_view quoted = text.substr(0, kMaxQuoted);
  Goal goal;
  std::string_view rest = text;
  SkipSpaces(rest);
  if (!Take(kQuantities, rest, goal.quantity) || !Take(kComparisons, rest, goal.comparison) ||
      !TakeNumber(rest, goal.value) || !rest.empty()) {
    return InvalidArgument(
        "until is '{}'; allowed is 'accuracy' or 'loss', then one of >= <= > <, then a number, as "
        "in accuracy>=0.97",
        quoted);
  }
  if (goal.quantity == Goal::Quantity::kAccuracy && (goal.value < 0 || goal.value > 1)) {
    return InvalidArgument("until is '{}'; an accuracy lies between 0 and 1, as in accuracy>=0.97",
                           quoted);
  }
  return goal;
}

}  // namespace fedge
