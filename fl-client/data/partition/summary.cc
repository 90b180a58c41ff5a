#include "fedge/data/partition/summary.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

namespace fedge::data {
namespace {

Spread SpreadOf(std::vector<std::size_t> counts) {
  if (counts.empty()) return {};
  std::sort(counts.begin(), counts.end());
  const std::size_t middle = counts.size() / 2;
  const bool odd = counts.size() % 2 == 1;
  const auto median =
      odd ? static_cast<double>(counts[middle])
          : (static_cast<double>(counts[middle - 1]) + static_cast<double>(counts[middle])) / 2;
  return {.min = counts.front(), .median = median, .max = counts.back()};
}

std::string Format(const Spread& spread) {
  return fmt::format("{}/{}/{}", spread.min, spread.median, spread.max);
}

}  // namespace

PartitionSummary Summarize(const Partition& partition, const Dataset& dataset) {
  const std::vector<std::int64_t> labels = dataset.Labels();
  PartitionSummary summary;
  summary.num_clients = partition.size();
  std::vector<std::size_t> sizes;
  std::vector<std::size_t> num_classes;
  for (const std::vector<std::uint32_t>& examples : partition) {
    summary.num_examples += examples.size();
    sizes.push_back(examples.size());
    if (labels.empty()) continue;
    std::unordered_set<std::int64_t> classes;
    for (const std::uint32_t example : examples) classes.insert(labels[example]);
    num_classes.push_back(classes.size());
  }
  summary.num_unused = dataset.size() - summary.num_examples;
  summary.examples = SpreadOf(std::move(sizes));
  summary.classes = SpreadOf(std::move(num_classes));
  return summary;
}

std::string PartitionSummary::ToString() const {
  std::string text = fmt::format("clients={} examples={} unused={} per_client={}", num_clients,
                                 num_examples, num_unused, Format(examples));
  if (classes.max > 0) text += fmt::format(" classes_per_client={}", Format(classes));
  return text;
}

}  // namespace fedge::data
