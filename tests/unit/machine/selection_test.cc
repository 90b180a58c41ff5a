#include "fedge/coordinator/selection.h"

#include <cmath>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fedge/common/random.h"

namespace fedge {
namespace {

using Members = std::map<ClientId, Member>;

Members Trainers(int count) {
  Members members;
  for (int i = 0; i < count; ++i) members.emplace(fmt::format("client-{}", i), Member{});
  return members;
}

RunPlan PlanOf(std::uint32_t clients, double over_select = 1) {
  RunPlan plan;
  plan.num_clients = clients;
  plan.over_select = over_select;
  return plan;
}

TEST(CohortSizeTest, RoundsUp) {
  EXPECT_EQ(CohortSize(PlanOf(10)), 10U);
  EXPECT_EQ(CohortSize(PlanOf(10, 1.25)), 13U);
  EXPECT_EQ(CohortSize(PlanOf(3, 1.3)), 4U);
  EXPECT_EQ(CohortSize(PlanOf(1, 1.001)), 2U);
}

TEST(CohortSizeTest, IsNotFooledByBinaryFractions) {
  // 1.1 * 10 = 11.000000000000002 in float64, and so on.
  EXPECT_EQ(CohortSize(PlanOf(10, 1.1)), 11U);
  EXPECT_EQ(CohortSize(PlanOf(100, 1.1)), 110U);
  EXPECT_EQ(CohortSize(PlanOf(50, 1.2)), 60U);
  EXPECT_EQ(CohortSize(PlanOf(70'000, 1.4)), 98'000U);
}

TEST(QuorumTest, FollowsThePlan) {
  RunPlan plan = PlanOf(5);
  EXPECT_EQ(QuorumToBegin(plan), 5U);
  EXPECT_EQ(QuorumToEnd(plan), 3U);
  plan.num_clients = 4;
  EXPECT_EQ(QuorumToEnd(plan), 2U);
  plan.num_clients = 1;
  EXPECT_EQ(QuorumToEnd(plan), 1U);
  plan.num_clients = 5;
  plan.min_clients = 2;
  EXPECT_EQ(QuorumToBegin(plan), 2U);
  EXPECT_EQ(QuorumToEnd(plan), 2U);
}

TEST(IsCandidateTest, WantsATrainerWithEveryLabel) {
  RunPlan plan = PlanOf(1);
  plan.where = {{"site", "eu"}, {"os", "linux"}};
  EXPECT_TRUE(IsCandidate(
      plan, {.role = Role::kTrainer, .labels = {{"os", "linux"}, {"site", "eu"}, {"x", "y"}}}));
  EXPECT_FALSE(IsCandidate(plan, {.role = Role::kTrainer, .labels = {{"site", "eu"}}}));
  EXPECT_FALSE(
      IsCandidate(plan, {.role = Role::kTrainer, .labels = {{"site", "us"}, {"os", "linux"}}}));
  EXPECT_FALSE(IsCandidate(plan, {.role = Role::kEvaluator, .labels = plan.where}));
  EXPECT_TRUE(IsCandidate(PlanOf(1), Member{}));
}

TEST(SelectCohortTest, TakesDistinctCandidatesInTheOrderOfTheirIds) {
  Members members = Trainers(100);
  members["evaluator"] = {.role = Role::kEvaluator, .labels = {}};
  const std::vector<ClientId> cohort = SelectCohort(members, PlanOf(30), {.seed = 1});
  EXPECT_EQ(cohort.size(), 30U);
  EXPECT_TRUE(std::is_sorted(cohort.begin(), cohort.end()));
  EXPECT_EQ(std::set<ClientId>(cohort.begin(), cohort.end()).size(), 30U);
  for (const ClientId& client : cohort) EXPECT_EQ(members.count(client), 1U);
  EXPECT_EQ(std::count(cohort.begin(), cohort.end(), "evaluator"), 0);
}

TEST(SelectCohortTest, TakesAllIfThereAreFewer) {
  EXPECT_EQ(SelectCohort(Trainers(3), PlanOf(5), {}).size(), 3U);
  EXPECT_TRUE(SelectCohort({}, PlanOf(5), {}).empty());
}

TEST(SelectCohortTest, TakesOnlyCandidates) {
  Members members = Trainers(20);
  RunPlan plan = PlanOf(10);
  plan.where = {{"site", "eu"}};
  for (int i = 0; i < 6; ++i) members[fmt::format("client-{}", i)].labels = plan.where;
  const std::vector<ClientId> cohort = SelectCohort(members, plan, {});
  EXPECT_EQ(cohort.size(), 6U);
}

// Who else has joined, left and joined again does not move the ranks of those who are there.
TEST(SelectCohortTest, DoesNotDependOnTheOrderOfJoining) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back(fmt::format("client-{}", i));
  const Draw draw{.seed = 5, .index_in_run = 3, .retry = 0};
  std::vector<ClientId> first;
  for (std::uint64_t order = 0; order < 20; ++order) {
    Random(order).Shuffle(std::span<std::string>(names));
    Members members;
    for (const std::string& name : names) members.emplace(name, Member{});
    const std::vector<ClientId> cohort = SelectCohort(members, PlanOf(20), draw);
    if (order == 0) first = cohort;
    EXPECT_EQ(cohort, first);
  }
}

TEST(SelectCohortTest, ChangesWithSeedRoundAndRetry) {
  const Members members = Trainers(100);
  const RunPlan plan = PlanOf(10);
  const auto base = SelectCohort(members, plan, {.seed = 1, .index_in_run = 1, .retry = 0});
  EXPECT_EQ(base, SelectCohort(members, plan, {.seed = 1, .index_in_run = 1, .retry = 0}));
  EXPECT_NE(base, SelectCohort(members, plan, {.seed = 2, .index_in_run = 1, .retry = 0}));
  EXPECT_NE(base, SelectCohort(members, plan, {.seed = 1, .index_in_run = 2, .retry = 0}));
  EXPECT_NE(base, SelectCohort(members, plan, {.seed = 1, .index_in_run = 1, .retry = 1}));
}

// Pearson's test at the 0.1 % level. A client is selected with probability c = 10/50; over R rounds
// the statistic sum (O - Rc)^2 / (Rc (1 - c)) * (n - 1) / n has about a chi-square distribution
// with n - 1 degrees of freedom.
TEST(SelectCohortTest, IsUniformOverTheClients) {
  constexpr int kClients = 50;
  constexpr std::uint32_t kRounds = 4000;
  constexpr double kShare = 10.0 / kClients;
  const Members members = Trainers(kClients);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    std::map<ClientId, int> selected;
    for (std::uint32_t index = 1; index <= kRounds; ++index) {
      for (const ClientId& client :
           SelectCohort(members, PlanOf(10), {.seed = seed, .index_in_run = index})) {
        ++selected[client];
      }
    }
    double statistic = 0;
    for (const auto& [client, member] : members) {
      const double excess = selected[client] - kRounds * kShare;
      statistic += excess * excess / (kRounds * kShare * (1 - kShare));
    }
    statistic *= (kClients - 1.0) / kClients;
    EXPECT_LT(statistic, 85.4) << "chi-square with 49 degrees of freedom, 0.1 %, seed " << seed;
    EXPECT_GT(statistic, 23.9) << "too even to be chance, 0.1 %, seed " << seed;
  }
}

// Every pair of clients is selected together equally often: no two draws hang together.
TEST(SelectCohortTest, IsUniformOverPairs) {
  constexpr int kClients = 12;
  constexpr std::uint32_t kRounds = 20'000;
  constexpr double kBoth = (4.0 * 3.0) / (12.0 * 11.0);
  std::map<std::pair<ClientId, ClientId>, int> together;
  const Members members = Trainers(kClients);
  for (std::uint32_t index = 1; index <= kRounds; ++index) {
    const auto cohort = SelectCohort(members, PlanOf(4), {.seed = 9, .index_in_run = index});
    for (std::size_t i = 0; i < cohort.size(); ++i) {
      for (std::size_t j = i + 1; j < cohort.size(); ++j) ++together[{cohort[i], cohort[j]}];
    }
  }
  EXPECT_EQ(together.size(), 66U);
  const double deviation = std::sqrt(kRounds * kBoth * (1 - kBoth));
  for (const auto& [pair, count] : together) {
    EXPECT_NEAR(count, kRounds * kBoth, 4.5 * deviation) << pair.first << " " << pair.second;
  }
}

TEST(TrainConfigTest, DecaysTheLearningRatePerRound) {
  RunPlan plan = PlanOf(1);
  plan.train.learning_rate = 0.4;
  plan.learning_rate_decay = 0.5;
  EXPECT_DOUBLE_EQ(TrainConfigOf(plan, 1).learning_rate, 0.4);
  EXPECT_DOUBLE_EQ(TrainConfigOf(plan, 2).learning_rate, 0.2);
  EXPECT_DOUBLE_EQ(TrainConfigOf(plan, 4).learning_rate, 0.05);
}

TEST(TrainConfigTest, HasASeedPerRunAndRound) {
  RunPlan plan = PlanOf(1);
  RunPlan other = plan;
  other.train.seed = plan.train.seed + 1;
  std::set<std::uint64_t> seeds;
  for (std::uint32_t index = 1; index <= 100; ++index) {
    seeds.insert(TrainConfigOf(plan, index).seed);
    seeds.insert(TrainConfigOf(other, index).seed);
  }
  EXPECT_EQ(seeds.size(), 200U);
}

TEST(TrainConfigTest, KeepsTheRest) {
  RunPlan plan = PlanOf(1);
  plan.train.epochs = 5;
  plan.train.batch_size = 0;
  plan.train.optimizer = "adam";
  plan.train.prox_mu = 0.1;
  TrainConfig config = TrainConfigOf(plan, 1);
  config.seed = plan.train.seed;
  EXPECT_EQ(config, plan.train);
}

}  // namespace
}  // namespace fedge
