#include <cstdlib>

#include <gtest/gtest.h>

#include "fedge/data/dataset_registry.h"
#include "fedge/data/partition/partition.h"
#include "fedge/data/partition/summary.h"
#include "test_files.h"

// The data sets as published, where FEDGE_DATA_DIR names a folder with mnist/, cifar10/ and
// shakespeare/.
namespace fedge::data {
namespace {

class RealDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("FEDGE_DATA_DIR");
    if (folder == nullptr) GTEST_SKIP() << "FEDGE_DATA_DIR is not set";
    folder_ = folder;
  }
  std::string folder_;
};

TEST_F(RealDataTest, ReadsMnist) {
  const DatasetSplits splits =
      BuiltinDatasets().LoadSplits({.name = "mnist:" + folder_ + "/mnist"}, Split::kBoth).value();
  EXPECT_EQ(splits.train->size(), 60000U);
  EXPECT_EQ(splits.test->size(), 10000U);
  EXPECT_EQ(Classes(*splits.train, {0, 1, 2, 3, 4}), (std::vector<std::int64_t>{5, 0, 4, 1, 9}));
  EXPECT_EQ(Classes(*splits.test, {0, 1, 2, 3, 4}), (std::vector<std::int64_t>{7, 2, 1, 0, 4}));
  double sum = 0;
  for (const float pixel : Floats(*splits.train, AllOf(*splits.train))) sum += pixel;
  EXPECT_NEAR(sum / (60000.0 * 784), 0.1307, 5e-5);  // the mean everyone normalises MNIST with
}

TEST_F(RealDataTest, ShardsGiveMnistClientsAtMostFourDigits) {
  const auto train = BuiltinDatasets().Load({.name = "mnist:" + folder_ + "/mnist"}).value();
  const PartitionSummary summary =
      Summarize(MakePartition("shards:2", *train, 100, 1).value(), *train);
  EXPECT_EQ(summary.examples.min, 600U);
  EXPECT_EQ(summary.examples.max, 600U);
  EXPECT_LE(summary.classes.max, 4U);
  EXPECT_EQ(summary.classes.median, 2);
}

TEST_F(RealDataTest, ReadsCifar10) {
  const auto test =
      BuiltinDatasets().Load({.name = "cifar10:" + folder_ + "/cifar10"}, Split::kTest).value();
  EXPECT_EQ(test->size(), 10000U);
  std::vector<int> counts(10);
  for (const std::int64_t label : test->Labels()) ++counts[static_cast<std::size_t>(label)];
  for (const int count : counts) EXPECT_EQ(count, 1000);
  const std::vector<float> pixels = Floats(*test, AllOf(*test));
  for (std::size_t channel = 0; channel < 3; ++channel) {
    double sum = 0;
    double square = 0;
    for (std::size_t image = 0; image < 10000; ++image) {
      const float* plane = pixels.data() + (image * 3 + channel) * 1024;
      for (std::size_t p = 0; p < 1024; ++p) {
        sum += plane[p];
        square += plane[p] * plane[p];
      }
    }
    EXPECT_NEAR(sum / 10240000, 0, 0.03) << channel;
    EXPECT_NEAR(square / 10240000, 1, 0.03) << channel;
  }
}

TEST_F(RealDataTest, ReadsShakespeareBySpeaker) {
  const DatasetOptions options{.name = "text:" + folder_ + "/shakespeare/input.txt"};
  const DatasetSplits splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
  EXPECT_EQ(splits.train->info().num_classes, 65);
  const auto fraction = static_cast<double>(splits.test->size()) /
                        static_cast<double>(splits.train->size() + splits.test->size());
  EXPECT_NEAR(fraction, 0.2, 0.01);
  EXPECT_GT((splits.train->size() + splits.test->size()) * 80, 1'000'000U);
  EXPECT_EQ(splits.train->key_names()[0], "First Citizen");
  EXPECT_TRUE(MakePartition("by-key", *splits.train, 100, 1).ok());
}

}  // namespace
}  // namespace fedge::data
