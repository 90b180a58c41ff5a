#include <algorithm>
#include <numeric>

#include "fedge/data/partition/methods.h"

namespace fedge::data {
namespace {

Result<Partition> Make(const PartitionRequest& request) {
  FEDGE_ASSIGN_OR_RETURN(const std::vector<std::int64_t> labels, RequireLabels(request.dataset));
  const std::size_t size = labels.size();
  const auto per_client = static_cast<std::size_t>(request.parameter);
  const std::size_t num_shards = request.num_clients * per_client;
  if (num_shards > size) {
    return InvalidArgument("{} clients with {} shards each are {} shards, but '{}' has {} examples",
                           request.num_clients, per_client, num_shards, request.dataset.info().name,
                           size);
  }
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return labels[a] < labels[b]; });

  const std::vector<std::uint32_t> shards = ShuffledExamples(num_shards, request.random);
  Partition partition(request.num_clients);
  for (std::size_t i = 0; i < num_shards; ++i) {
    const std::size_t shard = shards[i];
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(shard * size / num_shards);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>((shard + 1) * size / num_shards);
    auto& client = partition[i / per_client];
    client.insert(client.end(), begin, end);
  }
  return partition;
}

}  // namespace

// McMahan et al. 2017, section 3: sorted by class, cut into clients x parameter shards, each client
// gets `parameter` of them at random. 100 clients with 2 shards of MNIST have 300 examples per
// shard, as in the paper.
const PartitionMethod kShards{
    .name = "shards",
    .summary = "sorted by class and cut; each client gets this many pieces at random",
    .parameter = "number of shards per client",
    .default_parameter = 2,
    .min_parameter = 1,
    .max_parameter = 1000,
    .whole = true,
    .make = Make};

}  // namespace fedge::data
