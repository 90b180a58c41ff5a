#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/data/dataset_registry.h"
#include "fedge/testing/temp_directory.h"
#include "test_files.h"

// Against files that PyTorch wrote: tests/unit/data/pairs/make_pairs.py says what is in each.
namespace fedge::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Pair(const std::string& name) {
  return FEDGE_SOURCE_DIR "/tests/unit/data/pairs/" + name + ".pt";
}

Result<std::shared_ptr<const Dataset>> Load(const std::string& name, DatasetOptions options = {}) {
  options.name = "pt";
  options.file = Pair(name);
  options.test_fraction = 0;
  return BuiltinDatasets().Load(options);
}

std::string Error(const std::string& name, DatasetOptions options = {}) {
  std::string message = Load(name, std::move(options)).status().message();
  const std::string prefix = "data: pt: " + Pair(name) + ": ";
  EXPECT_THAT(message, ::testing::StartsWith(prefix));
  return message.substr(std::min(prefix.size(), message.size()));
}

TEST(PtDatasetTest, ReadsFloatsAndClasses) {
  for (const std::string name :
       {"floats", "three"}) {  // a third tensor does no harm where x and y are named
    const auto data = Load(name).value();
    EXPECT_EQ(data->size(), 10U);
    EXPECT_EQ(data->info().feature_shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(data->info().num_classes, 3);
    EXPECT_THAT(Floats(*data, {1, 0}),
                ElementsAre(1.5, 1.75, 2, 2.25, 2.5, 2.75, 0, 0.25, 0.5, 0.75, 1, 1.25));
    EXPECT_THAT(data->Labels(), ElementsAre(0, 1, 2, 0, 1, 2, 0, 1, 2, 0));
  }
}

TEST(PtDatasetTest, ReadsATupleOfBytesAsImages) {
  const auto data = Load("bytes").value();
  EXPECT_EQ(data->info().feature_shape, (std::vector<std::int64_t>{1, 2, 2}));
  const std::vector<float> pixels = Floats(*data, {9});
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(pixels[i], static_cast<float>(36 + i) / 255);
  EXPECT_THAT(Classes(*data, {8, 9}), ElementsAre(2, 0));
}

TEST(PtDatasetTest, ReadsHalvesThroughStridesAndRealTargets) {
  const auto data = Load("strided").value();
  EXPECT_EQ(data->info().feature_shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(data->info().target_type, TargetType::kReal);
  EXPECT_EQ(data->info().target_shape, (std::vector<std::int64_t>{2}));
  EXPECT_THAT(Floats(*data, {1}), ElementsAre(1.5, 2.25, 1.75, 2.5, 2, 2.75));
  EXPECT_THAT(Reals(*data, {1}), ElementsAre(1.5, 1.75));
}

TEST(PtDatasetTest, ReadsTokensAndAClassPerPosition) {
  const auto data = Load("tokens").value();
  EXPECT_EQ(data->info().feature_type, FeatureType::kToken);
  EXPECT_EQ(data->info().target_type, TargetType::kSequence);
  EXPECT_EQ(data->info().num_classes, 7);
  EXPECT_THAT(Tokens(*data, {1}), ElementsAre(5, 6, 0, 1, 2));
  EXPECT_THAT(Classes(*data, {1}), ElementsAre(6, 0, 1, 2, 3));
  EXPECT_TRUE(data->Labels().empty());
}

TEST(PtDatasetTest, ATargetOfIntegersCanBeReal) {
  const auto data = Load("floats", {.target = TargetChoice::kReal}).value();
  EXPECT_THAT(Reals(*data, {0, 1, 2}), ElementsAre(0, 1, 2));
}

TEST(PtDatasetTest, StandardizesBytesToo) {
  for (const std::string name : {"floats", "bytes"}) {
    const auto data = Load(name, {.normalization = Normalization::kStandardize}).value();
    const std::vector<float> values = Floats(*data, AllOf(*data));
    const std::size_t width = data->info().feature_size();
    double sum = 0;
    double square = 0;
    for (std::size_t i = 0; i < values.size(); i += width) {
      sum += values[i];
      square += values[i] * values[i];
    }
    EXPECT_NEAR(sum, 0, 1e-5);
    EXPECT_NEAR(square, 10, 1e-4);
  }
  EXPECT_THAT(Load("tokens", {.normalization = Normalization::kStandardize}).status().message(),
              HasSubstr("cannot be standardized"));
}

TEST(PtDatasetTest, SplitsOneFileAndPairsTwo) {
  DatasetOptions options{.name = "pt:" + Pair("floats"), .test_fraction = 0.3};
  DatasetSplits splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
  EXPECT_EQ(splits.train->size(), 7U);
  EXPECT_EQ(splits.test->size(), 3U);
  options.test_file = Pair("three");
  splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
  EXPECT_EQ(splits.train->size(), 10U);
  EXPECT_EQ(splits.test->size(), 10U);
  options.test_file = Pair("bytes");
  EXPECT_THAT(BuiltinDatasets().Load(options, Split::kTest).status().message(),
              HasSubstr("bytes.pt: x and y differ in type or shape"));
}

TEST(PtDatasetTest, MessagesNameTheTensor) {
  EXPECT_EQ(Error("uneven"),
            "'x' is float32 [10, 2, 3], but 'y' is int64 [9]; expected the same number of examples "
            "in both");
  EXPECT_EQ(Error("negative"), "'y' holds -1; expected 0 to 2147483646");
  EXPECT_EQ(Error("nan"), "'x' holds NaN in example 0; expected finite numbers (float32)");
  EXPECT_EQ(Error("unnamed"),
            "holds 3 tensors, and not both 'x' and 'y'; expected torch.save({'x': ..., 'y': ...})");
  EXPECT_THAT(Error("strided", {.target = TargetChoice::kClass}),
              HasSubstr("'y' is float64 [10, 2]; expected classes"));
  EXPECT_THAT(BuiltinDatasets().Load({.name = "pt:/nowhere.pt"}).status().message(),
              HasSubstr("data: pt: /nowhere.pt: "));
}

TEST(PtDatasetTest, AFewBytesCannotClaimGigabytes) {
  // 10 x 2^30 floats, all the same one: 41 GB from a file of 2 KB.
  EXPECT_THAT(Error("expanded"),
              HasSubstr("'x' would take 10737418240 elements of memory; at most"));
}

}  // namespace
}  // namespace fedge::data
