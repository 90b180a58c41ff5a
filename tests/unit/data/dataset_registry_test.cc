#include "fedge/data/dataset_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_files.h"

namespace fedge::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DigitsTest, HasEveryFifthExampleInItsTestPart) {
  const DatasetSplits splits = BuiltinDatasets().LoadSplits({}, Split::kBoth).value();
  EXPECT_EQ(splits.train->size(), 1437U);
  EXPECT_EQ(splits.test->size(), 360U);
  EXPECT_EQ(splits.train->info().feature_shape, (std::vector<std::int64_t>{1, 8, 8}));
  EXPECT_EQ(splits.train->info().num_classes, 10);
  // The first lines of the file hold the digits 0 to 9, in order and over again.
  EXPECT_THAT(Classes(*splits.test, {0, 1, 2, 3}), ElementsAre(0, 5, 0, 5));
  EXPECT_THAT(Classes(*splits.train, {0, 1, 2, 3, 4}), ElementsAre(1, 2, 3, 4, 6));
}

TEST(DigitsTest, DividesPixelsBySixteen) {
  const auto test = BuiltinDatasets().Load({}, Split::kTest).value();
  const std::vector<float> pixels = Floats(*test, {0});
  // The first line of the file: 0,0,5,13,9,1,0,0, 0,0,13,15,10,15,5,0, ...
  const std::vector<float> expected{0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(pixels[i], expected[i] / 16);
}

TEST(DigitsTest, AreTheFileInConfigs) {
  DatasetOptions options{.name = "csv:" FEDGE_SOURCE_DIR "/configs/data/digits.csv.gz",
                         .test_fraction = 0};
  const auto csv = BuiltinDatasets().Load(options).value();
  const DatasetSplits digits = BuiltinDatasets().LoadSplits({}, Split::kBoth).value();
  ASSERT_EQ(csv->size(), 1797U);
  for (std::uint32_t i = 0; i < 1797; ++i) {
    const Dataset& part = i % 5 == 0 ? *digits.test : *digits.train;
    const std::uint32_t row = i % 5 == 0 ? i / 5 : i - i / 5 - 1;
    std::vector<float> pixels = Floats(*csv, {i});
    for (float& pixel : pixels) pixel /= 16;
    ASSERT_EQ(Floats(part, {row}), pixels) << i;
    ASSERT_EQ(Classes(part, {row}), Classes(*csv, {i})) << i;
  }
}

TEST(DatasetRegistryTest, LoadsOnlyThePartAskedFor) {
  const DatasetRegistry registry = BuiltinDatasets();
  EXPECT_EQ(registry.LoadSplits({}, Split::kTrain)->test, nullptr);
  EXPECT_EQ(registry.LoadSplits({}, Split::kTest)->train, nullptr);
}

TEST(DatasetRegistryTest, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const Status status = BuiltinDatasets().Validate({.name = "minst"});
  EXPECT_EQ(status,
            InvalidArgument(
                "data: data set 'minst' is unknown; known: digits, mnist, cifar10, text, csv, pt"));
  EXPECT_EQ(BuiltinDatasets().LoadSplits({.name = "minst"}, Split::kTrain).status(), status);
}

TEST(DatasetRegistryTest, ChecksThatThePlaceFitsTheDataSet) {
  const auto error = [](const DatasetOptions& options) {
    return BuiltinDatasets().Validate(options).message();
  };
  EXPECT_EQ(error({.name = "mnist"}), "data: mnist: needs the folder of its files (--data-dir)");
  EXPECT_EQ(error({.name = "csv"}), "data: csv: needs a file (--data-file)");
  EXPECT_EQ(error({.name = "mnist", .file = "x.gz"}),
            "data: mnist: reads a folder, not the file 'x.gz'; give its folder");
  EXPECT_EQ(error({.name = "csv", .data_dir = "d"}),
            "data: csv: reads a file, not the folder 'd'; give the file (--data-file)");
  EXPECT_EQ(error({.name = "digits", .data_dir = "d"}),
            "data: digits: is built in and reads no file; leave 'd' out");
  EXPECT_EQ(error({.name = "csv:a.csv", .file = "b.csv"}),
            "data: csv: the place is given twice: 'a.csv' and 'b.csv'");
  EXPECT_EQ(error({.name = "csv:C:\\a.csv"}), "");
}

TEST(DatasetRegistryTest, ReportsAllProblemsAtOnce) {
  const Status status = BuiltinDatasets().Validate({.name = "csv",
                                                    .test_fraction = 1,
                                                    .label_column = "a",
                                                    .key_column = "a",
                                                    .classes = {"x", "x"},
                                                    .target = TargetChoice::kReal,
                                                    .sequence_length = 0});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("needs a file"), HasSubstr("test fraction is 1"),
                    HasSubstr("sequence length is 0"), HasSubstr("both the label column"),
                    HasSubstr("listed, but"), HasSubstr("'x' is listed twice")));
}

TEST(DatasetRegistryTest, HelpNamesEveryDataSet) {
  const DatasetRegistry registry = BuiltinDatasets();
  for (const DatasetFormat& format : registry.formats())
    EXPECT_THAT(registry.Help(), HasSubstr(format.summary));
}

TEST(OptionsTest, ParsesItsWords) {
  TargetChoice target = TargetChoice::kAuto;
  EXPECT_TRUE(ParseTargetChoice("real", target).ok());
  EXPECT_EQ(target, TargetChoice::kReal);
  EXPECT_EQ(ParseTargetChoice("reel", target).message(),
            "target 'reel' is unknown; known: auto, class, real");
  Normalization normalization = Normalization::kNone;
  EXPECT_TRUE(ParseNormalization("standardize", normalization).ok());
  EXPECT_EQ(normalization, Normalization::kStandardize);
  EXPECT_FALSE(ParseNormalization("", normalization).ok());
}

}  // namespace
}  // namespace fedge::data
