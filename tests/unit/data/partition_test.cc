#include "fedge/data/partition/partition.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/data/partition/summary.h"
#include "test_files.h"

namespace fedge::data {
namespace {

using ::testing::HasSubstr;

std::vector<std::int64_t> Cyclic(std::size_t size, std::int64_t factor, std::int64_t classes) {
  std::vector<std::int64_t> labels(size);
  for (std::size_t i = 0; i < size; ++i)
    labels[i] = factor * static_cast<std::int64_t>(i) % classes;
  return labels;
}

std::string Error(std::string_view spec, const Dataset& data, std::size_t clients) {
  return MakePartition(spec, data, clients, 1).status().message();
}

// Expected values come from an implementation of SplitMix64, Lemire's method, Fisher-Yates and the
// methods themselves in forty lines of Python, with libm.
TEST(PartitionTest, MatchesAnIndependentImplementation) {
  const FakeDataset ten(10, {});
  EXPECT_EQ(MakePartition("iid", ten, 3, 1).value(),
            (Partition{{0, 7, 8}, {1, 3, 4}, {2, 5, 6, 9}}));
  const FakeDataset labelled(24, Cyclic(24, 7, 3));
  EXPECT_EQ(MakePartition("shards:2", labelled, 4, 1).value(),
            (Partition{{9, 12, 15, 17, 20, 23},
                       {2, 5, 8, 11, 14, 22},
                       {0, 3, 4, 6, 7, 10},
                       {1, 13, 16, 18, 19, 21}}));
  EXPECT_EQ(MakePartition("dirichlet:0.3", labelled, 4, 1).value(),
            (Partition{{0, 4, 18},
                       {2, 5, 8, 14, 17, 20, 23},
                       {7, 10, 11, 13, 16, 19, 22},
                       {1, 3, 6, 9, 12, 15, 21}}));
  EXPECT_EQ(MakePartition("dirichlet:0.05", labelled, 4, 3).value(),
            (Partition{{17, 18, 20},
                       {2, 5, 23},
                       {0, 3, 6, 8, 9, 11, 12, 14, 15, 21},
                       {1, 4, 7, 10, 13, 16, 19, 22}}));
  const FakeDataset twenty(20, {});
  EXPECT_EQ(
      MakePartition("quantity:1.5", twenty, 4, 1).value(),
      (Partition{{5, 14}, {2, 4, 6, 7, 8, 10, 12, 13, 16, 18, 19}, {3, 11}, {0, 1, 9, 15, 17}}));
}

class PartitionPropertyTest : public ::testing::TestWithParam<std::string> {};

TEST_P(PartitionPropertyTest, EveryExampleHasOneOwnerAndEveryClientAnExample) {
  for (const std::size_t size : {7U, 100U, 1437U}) {
    for (const std::size_t clients :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, size / 2, size}) {
      if (GetParam() == "shards:2" && clients * 2 > size) continue;
      const FakeDataset data(size, Cyclic(size, 3, 10));
      for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const auto partition = MakePartition(GetParam(), data, clients, seed);
        ASSERT_TRUE(partition.ok()) << partition.status().ToString();
        ASSERT_EQ(partition->size(), clients);
        std::vector<std::uint32_t> all;
        for (const auto& examples : *partition) {
          EXPECT_FALSE(examples.empty());
          EXPECT_TRUE(std::is_sorted(examples.begin(), examples.end()));
          all.insert(all.end(), examples.begin(), examples.end());
        }
        std::sort(all.begin(), all.end());
        EXPECT_EQ(all, AllOf(data));
      }
    }
  }
}

TEST_P(PartitionPropertyTest, DependsOnTheSeedAlone) {
  const FakeDataset data(500, Cyclic(500, 3, 10));
  EXPECT_EQ(MakePartition(GetParam(), data, 20, 5).value(),
            MakePartition(GetParam(), data, 20, 5).value());
  EXPECT_NE(MakePartition(GetParam(), data, 20, 5).value(),
            MakePartition(GetParam(), data, 20, 6).value());
}

INSTANTIATE_TEST_SUITE_P(Methods, PartitionPropertyTest,
                         ::testing::Values("iid", "shards:2", "dirichlet:0.3", "dirichlet:0.0001",
                                           "dirichlet:1000000", "quantity:1.5", "quantity:0",
                                           "quantity:10"));

TEST(IidPartitionTest, ClassesAreSpreadAsChanceHasIt) {
  // The sum over clients and classes of (count - 60)^2 / 60 is chi-square with (100 - 1) (10 - 1) =
  // 891 degrees of freedom, standard deviation 42 (a little less, because sizes are exact).
  const std::vector<std::int64_t> labels = Cyclic(60000, 1, 10);
  const FakeDataset data(60000, labels);
  const Partition partition = MakePartition("iid", data, 100, 1).value();
  double chi_square = 0;
  for (const auto& examples : partition) {
    EXPECT_EQ(examples.size(), 600U);
    std::vector<double> counts(10);
    for (const std::uint32_t example : examples)
      counts[static_cast<std::size_t>(labels[example])] += 1;
    for (const double count : counts) chi_square += (count - 60) * (count - 60) / 60;
  }
  EXPECT_NEAR(chi_square, 891, 4 * 42);
}

TEST(ShardsPartitionTest, IsThePapersSplitOfMnist) {
  // McMahan et al. 2017: 200 shards of 300, two per client, so that most clients have examples of
  // two digits only.
  const std::vector<std::int64_t> labels = Cyclic(60000, 7, 10);
  const FakeDataset data(60000, labels);
  const Partition partition = MakePartition("shards:2", data, 100, 1).value();
  for (const auto& examples : partition) {
    EXPECT_EQ(examples.size(), 600U);
    std::set<std::int64_t> classes;
    for (const std::uint32_t example : examples) classes.insert(labels[example]);
    EXPECT_LE(classes.size(), 2U);
  }
  EXPECT_THAT(Error("shards:2", FakeDataset(9, Cyclic(9, 1, 3)), 5),
              HasSubstr("5 clients with 2 shards each are 10 shards, but 'fake' has 9 examples"));
}

TEST(DirichletPartitionTest, SharesHaveTheMomentsOfTheirDistribution) {
  // A client's share of a class has mean 1/K and variance (1/K)(1 - 1/K) / (K alpha + 1).
  constexpr double kAlpha = 0.5;
  constexpr std::size_t kClients = 10;
  constexpr std::size_t kClasses = 400;
  constexpr double kPerClass = 250;
  const std::vector<std::int64_t> labels = Cyclic(100000, 1, kClasses);
  const FakeDataset data(labels.size(), labels);
  const Partition partition = MakePartition("dirichlet:0.5", data, kClients, 1).value();
  double mean = 0;
  double square = 0;
  for (const auto& examples : partition) {
    std::vector<double> counts(kClasses);
    for (const std::uint32_t example : examples)
      counts[static_cast<std::size_t>(labels[example])] += 1;
    for (const double count : counts) {
      mean += count / kPerClass / (kClients * kClasses);
      square += count / kPerClass * (count / kPerClass) / (kClients * kClasses);
    }
  }
  EXPECT_NEAR(mean, 0.1, 1e-9);
  EXPECT_NEAR(square - mean * mean, 0.1 * 0.9 / (kClients * kAlpha + 1),
              0.0015);  // 0.015, five standard errors
}

TEST(DirichletPartitionTest, FillsUpSmallClients) {
  const FakeDataset data(1437, Cyclic(1437, 3, 10));
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    const PartitionSummary summary =
        Summarize(MakePartition("dirichlet:0.05", data, 50, seed).value(), data);
    EXPECT_EQ(summary.examples.min, 10U);
    EXPECT_GT(summary.examples.max, 60U);
  }
}

TEST(DirichletPartitionTest, TakesMemoryForTheClassesThereAreOnly) {
  const FakeDataset sparse(6, {0, 2'000'000'000, 7, 2'000'000'000, 0, 7});
  const FakeDataset dense(6, {0, 2, 1, 2, 0, 1});
  EXPECT_EQ(MakePartition("dirichlet:1", sparse, 2, 1).value(),
            MakePartition("dirichlet:1", dense, 2, 1).value());
}

TEST(DirichletPartitionTest, LessConcentrationMeansFewerClassesPerClient) {
  const FakeDataset data(6000, Cyclic(6000, 1, 10));
  const auto classes = [&](std::string_view spec) {
    return Summarize(MakePartition(spec, data, 20, 1).value(), data).classes.median;
  };
  EXPECT_EQ(classes("dirichlet:1000"), 10);
  EXPECT_LT(classes("dirichlet:0.3"), 9);
  EXPECT_LT(classes("dirichlet:0.05"), classes("dirichlet:0.3"));
}

TEST(QuantityPartitionTest, SizesFollowAPowerLaw) {
  const FakeDataset data(100000, {});
  const Partition partition = MakePartition("quantity:1.5", data, 50, 1).value();
  std::vector<double> sizes;
  for (const auto& examples : partition) sizes.push_back(static_cast<double>(examples.size()));
  EXPECT_FALSE(std::is_sorted(sizes.rbegin(), sizes.rend()));  // ranks are dealt at random
  std::sort(sizes.rbegin(), sizes.rend());
  for (const std::size_t rank : {2U, 5U, 10U, 50U}) {
    EXPECT_NEAR(sizes[rank - 1] / sizes[0], std::pow(static_cast<double>(rank), -1.5), 1e-3)
        << rank;
  }
}

TEST(ByKeyPartitionTest, ClientsAreTheLargestOwnersInOrder) {
  const FakeDataset data(8, {}, {4, 1, 1, 0, 4, 1, 3, 0});
  EXPECT_EQ(MakePartition("by-key", data, 4, 1).value(),
            (Partition{{1, 2, 5}, {3, 7}, {0, 4}, {6}}));
  EXPECT_EQ(MakePartition("by-key", data, 2, 9).value(), (Partition{{1, 2, 5}, {3, 7}}));
  EXPECT_EQ(Error("by-key", data, 5),
            "partition: by-key: 5 clients, but the examples of 'fake' have 4 owners; use at most "
            "that many");
  EXPECT_THAT(Error("by-key", FakeDataset(8, {}), 2),
              HasSubstr("does not say whose each example is"));
}

TEST(PartitionErrorTest, MessagesSayWhatIsAllowed) {
  const FakeDataset data(20, {});
  EXPECT_EQ(
      Error("random", data, 2),
      "partition 'random' is unknown; known: iid, shards:2, dirichlet:0.3, quantity:1.5, by-key");
  EXPECT_EQ(Error("iid:3", data, 2), "partition: iid: takes no parameter, but ':3' is given");
  EXPECT_EQ(Error("shards:1.5", data, 2),
            "partition: shards: '1.5' is no number of shards per client; expected a whole number "
            "from 1 to 1000, like "
            "'shards:2'");
  EXPECT_THAT(Error("dirichlet:0", data, 2),
              HasSubstr("'0' is no concentration; expected a number from 0.0001"));
  EXPECT_THAT(Error("quantity:", data, 2), HasSubstr("'' is no exponent"));
  EXPECT_EQ(Error("dirichlet", data, 2),
            "partition: dirichlet: goes by class, but the targets of 'fake' are no classes; use "
            "iid, quantity or by-key");
  EXPECT_EQ(Error("iid", data, 21),
            "partition: iid: 21 clients, but 'fake' has 20 examples: each client needs one");
  EXPECT_EQ(Error("iid", data, 0), "partition: iid: 0 clients; expected at least 1");
}

TEST(PartitionRegistryTest, AParameterHasADefaultAndHelpNamesEveryMethod) {
  const PartitionRegistry registry = BuiltinPartitions();
  const FakeDataset data(50, Cyclic(50, 1, 5));
  EXPECT_EQ(registry.Make("shards", data, 5, 1).value(),
            registry.Make("shards:2", data, 5, 1).value());
  EXPECT_TRUE(registry.Validate("quantity:2").ok());
  for (const PartitionMethod& method : registry.methods())
    EXPECT_THAT(registry.Help(), HasSubstr(method.summary));
}

TEST(PartitionSummaryTest, CountsExamplesAndClasses) {
  const FakeDataset data(9, {0, 0, 1, 1, 2, 2, 0, 1, 2});
  const PartitionSummary summary = Summarize({{0, 1}, {2, 3, 4}, {5, 6, 7}}, data);
  EXPECT_EQ(summary.ToString(),
            "clients=3 examples=8 unused=1 per_client=2/3/3 classes_per_client=1/2/3");
  EXPECT_EQ(Summarize({{0}, {1, 2}}, FakeDataset(3, {})).ToString(),
            "clients=2 examples=3 unused=0 per_client=1/1.5/2");
}

}  // namespace
}  // namespace fedge::data
