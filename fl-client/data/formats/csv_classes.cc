#include "fedge/data/formats/csv_classes.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/ranges.h>

#include "fedge/data/formats/numbers.h"

namespace fedge::data {
namespace {

constexpr double kMaxClass = 65535;

bool IsInteger(double value) { return std::floor(value) == value; }
bool IsClass(double value) { return IsInteger(value) && value >= 0 && value <= kMaxClass; }

// The labels as numbers; none if some label is a name.
std::optional<std::vector<double>> AsNumbers(const Names& labels) {
  std::vector<double> numbers;
  for (const std::string& name : labels.names) {
    const std::optional<double> number = ParseNumber(name);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<std::string> SortedByValue(const Names& labels, const std::vector<double>& numbers) {
  std::vector<std::pair<double, std::string>> pairs;
  for (std::size_t i = 0; i < numbers.size(); ++i) pairs.emplace_back(numbers[i], labels.names[i]);
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> names;
  for (auto& [number, name] : pairs) names.push_back(std::move(name));
  return names;
}

}  // namespace

Result<ClassMap> ClassMap::Build(const CsvTable& table, const std::vector<std::string>& listed,
                                 const std::string& file) {
  ClassMap map;
  const Names& labels = table.label_names;
  if (!listed.empty()) {
    map.names_ = listed;
  } else if (const auto numbers = AsNumbers(labels)) {
    const auto odd = std::find_if_not(numbers->begin(), numbers->end(), IsInteger);
    if (odd != numbers->end()) {
      const auto i = static_cast<std::size_t>(odd - numbers->begin());
      return InvalidArgument(
          "{}:{}: the label, {}, is {}: no class; use --target real for a number", file,
          labels.first_line[i], table.columns.Describe(table.columns.label), labels.names[i]);
    }
    if (std::all_of(numbers->begin(), numbers->end(), IsClass)) {
      map.num_classes_ =
          static_cast<std::int64_t>(*std::max_element(numbers->begin(), numbers->end())) + 1;
      return map;
    }
    map.names_ = SortedByValue(labels, *numbers);
  } else {
    map.names_ = labels.names;
    std::sort(map.names_.begin(), map.names_.end());
  }
  map.num_classes_ = static_cast<std::int64_t>(map.names_.size());
  return map;
}

Result<std::vector<std::int32_t>> ClassMap::Map(const CsvTable& table,
                                                const std::string& file) const {
  const Names& labels = table.label_names;
  std::vector<std::int32_t> class_of(labels.names.size());
  for (std::size_t i = 0; i < labels.names.size(); ++i) {
    if (names_.empty()) {
      const std::optional<double> number = ParseNumber(labels.names[i]);
      if (!number || !IsClass(*number) || *number >= static_cast<double>(num_classes_)) {
        return InvalidArgument("{}:{}: label '{}' is none of the training file's classes, 0 to {}",
                               file, labels.first_line[i], labels.names[i], num_classes_ - 1);
      }
      class_of[i] = static_cast<std::int32_t>(*number);
      continue;
    }
    const auto found = std::find(names_.begin(), names_.end(), labels.names[i]);
    if (found == names_.end()) {
      const std::vector<std::string> shown(
          names_.begin(),
          names_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(names_.size(), 20)));
      return InvalidArgument("{}:{}: label '{}' is none of the {} classes: {}{}", file,
                             labels.first_line[i], labels.names[i], names_.size(),
                             fmt::join(shown, ", "), shown.size() < names_.size() ? ", ..." : "");
    }
    class_of[i] = static_cast<std::int32_t>(found - names_.begin());
  }
  std::vector<std::int32_t> classes;
  classes.reserve(table.labels.size());
  for (const std::uint32_t label : table.labels) classes.push_back(class_of[label]);
  return classes;
}

}  // namespace fedge::data
