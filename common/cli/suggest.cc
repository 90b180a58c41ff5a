#include "fedge/cli/suggest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace fedge::cli {
namespace {

// Edits (insert, delete, replace, swap neighbours) between two words: Damerau 1964, optimal string
// alignment.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Nearest(std::string_view written, std::span<const std::string> known) {
  constexpr std::size_t kLongestName = 64;  // bounds the work on hostile input
  if (written.empty() || written.size() > kLongestName) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, written.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = Distance(written, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  if (!best.empty() || written.size() < 3) return best;
  // A word that was not written to its end.
  const auto begins = [&](const std::string& name) { return name.starts_with(written); };
  const auto found = std::find_if(known.begin(), known.end(), begins);
  return found != known.end() ? *found : std::string();
}

std::string DidYouMean(std::string_view written, std::span<const std::string> known) {
  const std::string nearest = Nearest(written, known);
  return nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace fedge::cli
