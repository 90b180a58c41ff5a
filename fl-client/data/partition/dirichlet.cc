#include <algorithm>
#include <map>
#include <queue>
#include <utility>

#include "fedge/data/partition/distributions.h"
#include "fedge/data/partition/methods.h"

namespace fedge::data {
namespace {

constexpr std::size_t kMinExamples = 10;

// Cuts one class's examples in proportion to `weights`, which sum to 1, and adds the pieces to the
// clients.
void Distribute(std::span<const std::uint32_t> examples, std::span<const double> weights,
                Partition& partition) {
  const auto total = static_cast<double>(examples.size());
  double cumulative = 0;
  std::size_t begin = 0;
  for (std::size_t client = 0; client < weights.size(); ++client) {
    cumulative += weights[client];
    const bool last = client + 1 == weights.size();
    const auto cut = static_cast<std::size_t>(std::min(total, cumulative * total + 0.5));
    const std::size_t end =
        last ? examples.size() : std::max(begin, std::min(cut, examples.size()));
    const auto piece = examples.subspan(begin, end - begin);
    partition[client].insert(partition[client].end(), piece.begin(), piece.end());
    begin = end;
  }
}

// Moves examples, at random, from whoever has most to those with less than `least`. Precondition:
// there are enough.
void Repair(std::size_t least, Random& random, Partition& partition) {
  const auto smaller = [&](std::size_t a, std::size_t b) {
    return partition[a].size() != partition[b].size() ? partition[a].size() < partition[b].size()
                                                      : a > b;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(smaller)> largest(smaller);
  for (std::size_t client = 0; client < partition.size(); ++client) {
    if (partition[client].size() > least) largest.push(client);
  }
  for (auto& needy : partition) {
    while (needy.size() < least) {
      const std::size_t donor = largest.top();
      largest.pop();
      auto& giver = partition[donor];
      std::swap(giver[random.Below(giver.size())], giver.back());
      needy.push_back(giver.back());
      giver.pop_back();
      if (giver.size() > least) largest.push(donor);
    }
  }
}

Result<Partition> Make(const PartitionRequest& request) {
  FEDGE_ASSIGN_OR_RETURN(const std::vector<std::int64_t> labels, RequireLabels(request.dataset));
  std::map<std::int64_t, std::vector<std::uint32_t>> by_class;  // classes may be far between
  for (std::uint32_t i = 0; i < labels.size(); ++i) by_class[labels[i]].push_back(i);

  Partition partition(request.num_clients);
  for (auto& [label, examples] : by_class) {
    request.random.Shuffle(std::span(examples));
    Distribute(examples, DrawDirichlet(request.random, request.parameter, request.num_clients),
               partition);
  }
  const std::size_t half_share =
      std::max<std::size_t>(1, labels.size() / (2 * request.num_clients));
  Repair(std::min(kMinExamples, half_share), request.random, partition);
  return partition;
}

}  // namespace

// Label skew by a Dirichlet prior (Hsu et al. 2019), drawn as Yurochkin et al. 2019, section 4: the
// examples of each class are shared out among all clients in proportions from Dir(parameter), so
// that sizes are skewed as well. A client that got less than 10 (or than half an even share, if
// that is less) is filled up from the largest.
const PartitionMethod kDirichlet{
    .name = "dirichlet",
    .summary = "each class shared out by Dirichlet weights; smaller is more skewed",
    .parameter = "concentration",
    .default_parameter = 0.3,
    .min_parameter = 1e-4,
    .max_parameter = 1e6,
    .make = Make};

}  // namespace fedge::data
