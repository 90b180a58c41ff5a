#include "fedge/data/partition/partition.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/common/check.h"
#include "fedge/data/formats/numbers.h"
#include "fedge/data/partition/methods.h"

namespace fedge::data {
namespace {

std::string Usage(const PartitionMethod& method) {
  if (method.parameter.empty()) return std::string(method.name);
  return fmt::format("{}:{}", method.name, method.default_parameter);
}

Status CheckParameter(const PartitionMethod& method, std::string_view text,
                      std::optional<double> value) {
  const bool in_range = value && *value >= method.min_parameter && *value <= method.max_parameter;
  if (in_range && (!method.whole || std::floor(*value) == *value)) return OkStatus();
  return InvalidArgument("partition: {}: '{}' is no {}; expected a {} from {} to {}, like '{}'",
                         method.name, text, method.parameter,
                         method.whole ? "whole number" : "number", method.min_parameter,
                         method.max_parameter, Usage(method));
}

}  // namespace

void PartitionRegistry::Register(const PartitionMethod& method) {
  FEDGE_CHECK(std::none_of(methods_.begin(), methods_.end(), [&](const PartitionMethod& other) {
    return other.name == method.name;
  }));
  methods_.push_back(method);
}

std::string PartitionRegistry::Help() const {
  std::string help;
  for (const PartitionMethod& method : methods_)
    help += fmt::format("{:<14} {}\n", Usage(method), method.summary);
  return help;
}

Result<PartitionRegistry::Parsed> PartitionRegistry::Parse(std::string_view spec) const {
  const std::size_t colon = spec.find(':');
  const std::string_view name = spec.substr(0, colon);
  const auto found =
      std::find_if(methods_.begin(), methods_.end(),
                   [&](const PartitionMethod& method) { return method.name == name; });
  if (found == methods_.end()) {
    std::vector<std::string> known;
    for (const PartitionMethod& method : methods_) known.push_back(Usage(method));
    return InvalidArgument("partition '{}' is unknown; known: {}", spec, fmt::join(known, ", "));
  }
  if (colon == std::string_view::npos) return Parsed{*found, found->default_parameter};
  const std::string_view text = spec.substr(colon + 1);
  if (found->parameter.empty()) {
    return InvalidArgument("partition: {}: takes no parameter, but ':{}' is given", name, text);
  }
  const std::optional<double> value = ParseNumber(text);
  FEDGE_RETURN_IF_ERROR(CheckParameter(*found, text, value));
  return Parsed{*found, *value};
}

Status PartitionRegistry::Validate(std::string_view spec) const { return Parse(spec).status(); }

Result<Partition> PartitionRegistry::Make(std::string_view spec, const Dataset& dataset,
                                          std::size_t num_clients, std::uint64_t seed) const {
  FEDGE_ASSIGN_OR_RETURN(const Parsed parsed, Parse(spec));
  if (num_clients == 0)
    return InvalidArgument("partition: {}: 0 clients; expected at least 1", spec);
  if (num_clients > dataset.size()) {
    return InvalidArgument(
        "partition: {}: {} clients, but '{}' has {} examples: each client needs one", spec,
        num_clients, dataset.info().name, dataset.size());
  }
  Random random(CombineSeeds(seed, HashName(parsed.method.name)));
  auto made = parsed.method.make({.dataset = dataset,
                                  .num_clients = num_clients,
                                  .parameter = parsed.parameter,
                                  .random = random});
  if (!made.ok()) return made.status().WithContext(fmt::format("partition: {}", spec));
  for (std::vector<std::uint32_t>& examples : *made) {
    FEDGE_CHECK(!examples.empty());
    std::sort(examples.begin(), examples.end());
  }
  return made;
}

PartitionRegistry BuiltinPartitions() {
  PartitionRegistry registry;
  registry.Register(kIid);
  registry.Register(kShards);
  registry.Register(kDirichlet);
  registry.Register(kQuantity);
  registry.Register(kByKey);
  return registry;
}

Result<Partition> MakePartition(std::string_view spec, const Dataset& dataset,
                                std::size_t num_clients, std::uint64_t seed) {
  return BuiltinPartitions().Make(spec, dataset, num_clients, seed);
}

std::vector<std::uint32_t> ShuffledExamples(std::size_t size, Random& random) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  random.Shuffle(std::span(order));
  return order;
}

Partition Cut(std::span<const std::uint32_t> order, std::span<const std::size_t> sizes) {
  Partition partition;
  partition.reserve(sizes.size());
  for (const std::size_t size : sizes) {
    const auto part = order.first(size);
    partition.emplace_back(part.begin(), part.end());
    order = order.subspan(size);
  }
  return partition;
}

Result<std::vector<std::int64_t>> RequireLabels(const Dataset& dataset) {
  std::vector<std::int64_t> labels = dataset.Labels();
  if (labels.size() == dataset.size()) return labels;
  return InvalidArgument(
      "goes by class, but the targets of '{}' are no classes; use iid, quantity or by-key",
      dataset.info().name);
}

}  // namespace fedge::data
