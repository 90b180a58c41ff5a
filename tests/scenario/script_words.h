#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fedge/common/clock.h"
#include "fedge/common/training.h"
#include "fedge/coordinator/records.h"

// How the words of a *.round file are read. What can't be read throws std::invalid_argument.
namespace fedge::testing {

// One command, "report a examples=20": a verb, words, and options.
struct Command {
  std::string verb;
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  static Command Parse(std::string_view line);
};

// "0.5"; "nan".
double Number(const std::string& text);
template <typename T>
T Whole(const std::string& text) {
  return static_cast<T>(Number(text));
}
// "30s"; "500ms".
Duration Time(const std::string& text);
// The options examples, loss and accuracy.
Metrics MetricsOf(const Command& command, std::uint64_t num_examples);
// An option of `start`, named as the flags of fedctl start-round.
void SetPlanOption(RunPlan& plan, const std::string& key, const std::string& value);

}  // namespace fedge::testing
