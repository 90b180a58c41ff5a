#include <algorithm>
#include <numeric>
#include <utility>

#include "fedge/data/partition/methods.h"

namespace fedge::data {
namespace {

Result<Partition> Make(const PartitionRequest& request) {
  const std::span<const std::uint32_t> keys = request.dataset.keys();
  if (keys.empty()) {
    return InvalidArgument(
        "'{}' does not say whose each example is; use another partition, or name a key column",
        request.dataset.info().name);
  }
  Partition owners(*std::max_element(keys.begin(), keys.end()) + std::size_t{1});
  for (std::uint32_t i = 0; i < keys.size(); ++i) owners[keys[i]].push_back(i);
  std::stable_sort(owners.begin(), owners.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  const auto empty =
      std::find_if(owners.begin(), owners.end(), [](const auto& owner) { return owner.empty(); });
  const auto num_owners = static_cast<std::size_t>(empty - owners.begin());
  if (num_owners < request.num_clients) {
    return InvalidArgument(
        "{} clients, but the examples of '{}' have {} owners; use at most that many",
        request.num_clients, request.dataset.info().name, num_owners);
  }
  owners.resize(request.num_clients);
  return owners;
}

}  // namespace

// Natural owners: client i is the owner with the i-th most examples, the first in the file where
// two have as many. Not all examples are used: those of the owners that come after the last client
// are left out.
const PartitionMethod kByKey{
    .name = "by-key",
    .summary = "by natural owner (speaker, key column), the largest owners first",
    .parameter = "",
    .make = Make};

}  // namespace fedge::data
