#include "fedge/data/partition/methods.h"

namespace fedge::data {
namespace {

Result<Partition> Make(const PartitionRequest& request) {
  const std::size_t size = request.dataset.size();
  const std::size_t clients = request.num_clients;
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < clients; ++i)
    sizes.push_back((i + 1) * size / clients - i * size / clients);
  return Cut(ShuffledExamples(size, request.random), sizes);
}

}  // namespace

// McMahan et al. 2017: shuffled, then cut into parts whose sizes differ by one at most.
const PartitionMethod kIid{.name = "iid",
                           .summary = "shuffled, the same number for each client",
                           .parameter = "",
                           .make = Make};

}  // namespace fedge::data
