#include <algorithm>
#include <numeric>

#include "fedge/data/partition/distributions.h"
#include "fedge/data/partition/methods.h"

namespace fedge::data {
namespace {

// Sizes by rank, each at least 1, that sum to `total`: one for each, the rest in proportion to
// rank^-exponent, what rounding leaves going to the first ranks.
std::vector<std::size_t> ZipfSizes(std::size_t total, std::size_t clients, double exponent) {
  std::vector<double> weights(clients);
  for (std::size_t i = 0; i < clients; ++i) {
    weights[i] = PortableExp(-exponent * PortableLog(static_cast<double>(i + 1)));
  }
  double sum = 0;
  for (const double weight : weights) sum += weight;
  const std::size_t rest = total - clients;
  std::size_t given = 0;
  std::vector<std::size_t> sizes(clients, 1);
  for (std::size_t i = 0; i < clients; ++i) {
    const auto share = static_cast<std::size_t>(static_cast<double>(rest) * (weights[i] / sum));
    const std::size_t granted = std::min(share, rest - given);
    sizes[i] += granted;
    given += granted;
  }
  for (std::size_t i = 0; given < rest; i = (i + 1) % clients, ++given) ++sizes[i];
  return sizes;
}

Result<Partition> Make(const PartitionRequest& request) {
  const std::size_t total = request.dataset.size();
  std::vector<std::size_t> sizes = ZipfSizes(total, request.num_clients, request.parameter);
  request.random.Shuffle(std::span(sizes));  // which client has which rank
  return Cut(ShuffledExamples(total, request.random), sizes);
}

}  // namespace

// Quantity skew: the k-th largest client has about k^-parameter of what the largest has. Classes
// are mixed as in iid.
const PartitionMethod kQuantity{.name = "quantity",
                                .summary = "shuffled, sizes by a power law with this exponent",
                                .parameter = "exponent",
                                .default_parameter = 1.5,
                                .min_parameter = 0,
                                .max_parameter = 10,
                                .make = Make};

}  // namespace fedge::data
