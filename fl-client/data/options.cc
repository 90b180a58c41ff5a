#include "fedge/data/options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/ranges.h>

namespace fedge::data {
namespace {

template <typename T, std::size_t N>
Status ParseWord(std::string_view word, std::string_view what,
                 const std::array<std::pair<std::string_view, T>, N>& words, T& out) {
  std::vector<std::string_view> known;
  for (const auto& [name, value] : words) {
    if (word == name) {
      out = value;
      return OkStatus();
    }
    known.push_back(name);
  }
  return InvalidArgument("{} '{}' is unknown; known: {}", what, word, fmt::join(known, ", "));
}

}  // namespace

Status DatasetOptions::Validate() const {
  std::vector<std::string> problems;
  if (!(test_fraction >= 0 && test_fraction < 1)) {
    problems.push_back(
        fmt::format("test fraction is {}; it must be at least 0 and below 1", test_fraction));
  }
  if (sequence_length < 1 || sequence_length > 65536) {
    problems.push_back(
        fmt::format("sequence length is {}; it must be 1 to 65536", sequence_length));
  }
  if (!data_dir.empty() && !file.empty()) {
    problems.push_back(
        fmt::format("both a folder ('{}') and a file ('{}') are given; give one", data_dir, file));
  }
  if (!label_column.empty() && label_column == key_column) {
    problems.push_back(
        fmt::format("'{}' is both the label column and the key column", label_column));
  }
  if (!classes.empty() && target == TargetChoice::kReal) {
    problems.push_back("classes are listed, but the target is real; give one of the two");
  }
  std::vector<std::string> sorted = classes;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    problems.push_back(fmt::format("class '{}' is listed twice", *twice));
  }
  if (problems.empty()) return OkStatus();
  return InvalidArgument("{}", fmt::join(problems, "; "));
}

Status ParseNormalization(std::string_view word, Normalization& out) {
  static constexpr std::array<std::pair<std::string_view, Normalization>, 2> kWords{
      {{"none", Normalization::kNone}, {"standardize", Normalization::kStandardize}}};
  return ParseWord(word, "normalization", kWords, out);
}

Status ParseTargetChoice(std::string_view word, TargetChoice& out) {
  static constexpr std::array<std::pair<std::string_view, TargetChoice>, 3> kWords{
      {{"auto", TargetChoice::kAuto},
       {"class", TargetChoice::kClass},
       {"real", TargetChoice::kReal}}};
  return ParseWord(word, "target", kWords, out);
}

}  // namespace fedge::data
