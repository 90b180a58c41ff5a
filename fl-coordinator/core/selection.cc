#include "fedge/coordinator/selection.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "fedge/common/random.h"

namespace fedge {
namespace {

std::uint64_t KeyOf(const Draw& draw) {
  return CombineSeeds(CombineSeeds(draw.seed, draw.index_in_run), draw.retry);
}

}  // namespace

std::uint32_t CohortSize(const RunPlan& plan) {
  // 1.1 * 10 is a little more than 11 in binary; it shall not select 12.
  constexpr double kRounding = 1e-6;
  const double size = std::ceil(plan.over_select * plan.num_clients - kRounding);
  return std::max(plan.num_clients, static_cast<std::uint32_t>(size));
}

std::uint32_t QuorumToBegin(const RunPlan& plan) {
  return plan.min_clients > 0 ? plan.min_clients : plan.num_clients;
}

std::uint32_t QuorumToEnd(const RunPlan& plan) {
  return plan.min_clients > 0 ? plan.min_clients : plan.num_clients / 2 + plan.num_clients % 2;
}

bool IsCandidate(const RunPlan& plan, const Member& member) {
  if (member.role != Role::kTrainer) return false;
  return std::all_of(plan.where.begin(), plan.where.end(), [&](const auto& wanted) {
    const auto label = member.labels.find(wanted.first);
    return label != member.labels.end() && label->second == wanted.second;
  });
}

std::vector<ClientId> SelectCohort(const std::map<ClientId, Member>& members, const RunPlan& plan,
                                   const Draw& draw) {
  using Ranked = std::pair<std::uint64_t, const ClientId*>;
  const std::uint64_t key = KeyOf(draw);
  std::vector<Ranked> ranked;
  for (const auto& [client, member] : members) {
    if (IsCandidate(plan, member))
      ranked.emplace_back(CombineSeeds(key, HashName(client)), &client);
  }
  const std::size_t size = std::min<std::size_t>(CohortSize(plan), ranked.size());
  const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(size);
  // Two clients with the same rank are told apart by their ids, not by their addresses.
  std::nth_element(ranked.begin(), end, ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.first != b.first ? a.first < b.first : *a.second < *b.second;
  });
  std::vector<ClientId> cohort;
  cohort.reserve(size);
  for (auto it = ranked.begin(); it != end; ++it) cohort.push_back(*it->second);
  std::sort(cohort.begin(), cohort.end());
  return cohort;
}

TrainConfig TrainConfigOf(const RunPlan& plan, std::uint32_t index_in_run) {
  TrainConfig config = plan.train;
  config.learning_rate *= std::pow(plan.learning_rate_decay, static_cast<double>(index_in_run) - 1);
  config.seed = CombineSeeds(plan.train.seed, index_in_run);
  return config;
}

}  // namespace fedge
