#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/data/dataset_registry.h"
#include "fedge/testing/temp_directory.h"
#include "test_files.h"

namespace fedge::data {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

class CsvDatasetTest : public ::testing::Test {
 protected:
  // Reads `text` whole, as training data.
  Result<std::shared_ptr<const Dataset>> Load(std::string_view text, DatasetOptions options = {}) {
    return LoadBytes(text, std::move(options));
  }
  Result<std::shared_ptr<const Dataset>> LoadBytes(std::string_view bytes, DatasetOptions options) {
    WriteTo(folder_.File("t.csv"), bytes);
    options.name = "csv";
    options.file = folder_.File("t.csv");
    options.test_fraction = 0;
    return BuiltinDatasets().Load(options);
  }
  std::string Error(std::string_view text, DatasetOptions options = {}) {
    std::string message = Load(text, std::move(options)).status().message();
    const std::string prefix = "data: csv: " + folder_.File("t.csv");
    EXPECT_THAT(message, ::testing::StartsWith(prefix));
    return message.substr(std::min(prefix.size(), message.size()));
  }

  fedge::testing::TempDirectory folder_;
};

TEST_F(CsvDatasetTest, ReadsFeaturesAndTheLastColumnAsTheClass) {
  const auto data = Load("a,b,y\n1,2.5,0\n-3,+4e1,2\n").value();
  EXPECT_EQ(data->size(), 2U);
  EXPECT_EQ(data->info().feature_shape, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(data->info().num_classes, 3);
  EXPECT_TRUE(data->info().class_names.empty());
  EXPECT_THAT(Floats(*data, {1, 0}), ElementsAre(-3, 40, 1, 2.5));
  EXPECT_THAT(Classes(*data, {0, 1}), ElementsAre(0, 2));
  EXPECT_THAT(data->Labels(), ElementsAre(0, 2));
}

TEST_F(CsvDatasetTest, ReadsTheSameFromGzipAndWithoutAHeader) {
  const auto data = LoadBytes(Gzip("1;2;0\n3;4;1\n"), {}).value();
  EXPECT_THAT(Floats(*data, {0, 1}), ElementsAre(1, 2, 3, 4));
}

TEST_F(CsvDatasetTest, TakesTheLabelByNameOrNumber) {
  EXPECT_THAT(Classes(*Load("y,a,b\n1,7,8\n0,9,9\n", {.label_column = "y"}).value(), {0, 1}),
              ElementsAre(1, 0));
  const auto numbered = Load("1,7,8\n0,9,9\n", {.label_column = "1"}).value();
  EXPECT_THAT(Classes(*numbered, {0, 1}), ElementsAre(1, 0));
  EXPECT_THAT(Floats(*numbered, {0}), ElementsAre(7, 8));
  const auto strings_first = Load("no,7,8\nyes,9,9\n", {.label_column = "1"}).value();
  EXPECT_THAT(strings_first->info().class_names, ElementsAre("no", "yes"));
}

TEST_F(CsvDatasetTest, AHeaderOfNumbersIsOneWhenAColumnIsNamed) {
  const auto data = Load("2020,2021,label\n5,6,1\n", {.label_column = "label"}).value();
  EXPECT_EQ(data->size(), 1U);
}

TEST_F(CsvDatasetTest, SortsNamesOfClasses) {
  const auto data = Load("x,kind\n1,virginica\n2,setosa\n3,\"setosa\"\n").value();
  EXPECT_THAT(data->info().class_names, ElementsAre("setosa", "virginica"));
  EXPECT_THAT(Classes(*data, {0, 1, 2}), ElementsAre(1, 0, 0));
}

TEST_F(CsvDatasetTest, NumbersThatAreNoClassesBecomeNamesSortedByValue) {
  const auto data = Load("1,10\n2,-1\n3,9\n").value();
  EXPECT_THAT(data->info().class_names, ElementsAre("-1", "9", "10"));
  EXPECT_THAT(Classes(*data, {0, 1, 2}), ElementsAre(2, 0, 1));
}

TEST_F(CsvDatasetTest, ListedClassesFixTheOrder) {
  const auto data = Load("1,b\n2,a\n", {.classes = {"c", "b", "a"}}).value();
  EXPECT_EQ(data->info().num_classes, 3);
  EXPECT_THAT(Classes(*data, {0, 1}), ElementsAre(1, 2));
  EXPECT_EQ(Error("1,b\n2,z\n", {.classes = {"c", "b"}}),
            ":2: label 'z' is none of the 2 classes: c, b");
}

TEST_F(CsvDatasetTest, ReadsRealTargets) {
  const auto data = Load("x,price\n1,2.5\n2,-1e3\n", {.target = TargetChoice::kReal}).value();
  EXPECT_EQ(data->info().target_type, TargetType::kReal);
  EXPECT_EQ(data->info().num_classes, 0);
  EXPECT_THAT(Reals(*data, {1, 0}), ElementsAre(-1000, 2.5));
  EXPECT_TRUE(data->Labels().empty());
}

TEST_F(CsvDatasetTest, KeepsKeysForPartitionsByOwner) {
  const auto data = Load("user,x,y\nann,1,0\nbob,2,1\nann,3,1\n", {.key_column = "user"}).value();
  EXPECT_THAT(data->keys(), ElementsAre(0, 1, 0));
  EXPECT_THAT(data->key_names(), ElementsAre("ann", "bob"));
  EXPECT_EQ(data->info().feature_size(), 1U);
}

TEST_F(CsvDatasetTest, StandardizesOverTheTrainingPart) {
  const auto data =
      Load("1,5,0\n3,5,0\n5,5,0\n", {.normalization = Normalization::kStandardize}).value();
  const auto near = [](double value) { return FloatNear(static_cast<float>(value), 1e-6F); };
  const double unit = std::sqrt(1.5);  // 2 / sqrt(8 / 3)
  EXPECT_THAT(Floats(*data, {0, 1, 2}), ElementsAre(near(-unit), 0, 0, 0, near(unit), 0));
}

TEST_F(CsvDatasetTest, MessagesNameFileLineAndColumn) {
  EXPECT_EQ(Error(""), ": is empty; expected delimited text");
  EXPECT_THAT(Error("?,2,3,1\n4,5,6,0\n"), HasSubstr("'?'"));  // no header, a value is missing
  EXPECT_EQ(Error("a,b\n"), ": has a header, but no line below it");
  EXPECT_EQ(
      Error("1\n2\n"),
      ":1: has one column; expected features and a label, separated by commas, semicolons or tabs");
  EXPECT_EQ(Error("a,y\n1,0\n1,2,0\n"), ":3: has 3 columns; the first line has 2");
  EXPECT_EQ(Error("a,y\n1,0\n\nred,0\n"),
            ":4: column 'a' is 'red'; expected a finite number (float32)");
  EXPECT_EQ(Error("1,0\n,0\n"), ":2: column 1 is empty; fill the value in or remove the line");
  EXPECT_EQ(Error("1,0\n2, \n"), ":2: column 2 is empty; fill the value in or remove the line");
  EXPECT_EQ(Error("1,0\n1e39,0\n"), ":2: column 1 is '1e39'; expected a finite number (float32)");
  EXPECT_EQ(Error("1,0\nnan,0\n"), ":2: column 1 is 'nan'; expected a finite number (float32)");
  EXPECT_EQ(Error("1,0\n2,3.7\n"),
            ":2: the label, column 2, is 3.7: no class; use --target real for a number");
  EXPECT_EQ(Error("a,b\n1,0\n", {.label_column = "c"}),
            ":1: there is no column 'c'; the first line has: a, b");
  EXPECT_EQ(Error("a,b\n1,0\n", {.key_column = "b"}),
            ":1: 'b' is the label as well as the key; name another label column");
  EXPECT_EQ(Error("a,b\n1,0\n", {.key_column = "a"}), ":1: has no column left for features");
}

TEST_F(CsvDatasetTest, HoldsOutASeededFraction) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fmt::format("{},{}\n", i, i % 2);
  WriteTo(folder_.File("all.csv"), text);
  DatasetOptions options{.name = "csv:" + folder_.File("all.csv"), .test_fraction = 0.25};
  const auto rows = [&](std::uint64_t seed) {
    options.seed = seed;
    const DatasetSplits splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
    EXPECT_EQ(splits.train->size(), 75U);
    EXPECT_EQ(splits.test->size(), 25U);
    std::vector<float> all = Floats(*splits.train, AllOf(*splits.train));
    const std::vector<float> test = Floats(*splits.test, AllOf(*splits.test));
    all.insert(all.end(), test.begin(), test.end());
    std::sort(all.begin(), all.end());
    for (int i = 0; i < 100; ++i)
      EXPECT_EQ(all[static_cast<std::size_t>(i)], static_cast<float>(i));
    return test;
  };
  EXPECT_EQ(rows(1), rows(1));
  EXPECT_NE(rows(1), rows(2));
  EXPECT_EQ(Floats(*BuiltinDatasets().Load(options, Split::kTest).value(), {0})[0], rows(2)[0]);
}

TEST_F(CsvDatasetTest, ATestPartThatIsAskedForMustBeThere) {
  WriteTo(folder_.File("one.csv"), "1,0\n");
  EXPECT_EQ(BuiltinDatasets()
                .Load({.name = "csv:" + folder_.File("one.csv")}, Split::kTest)
                .status()
                .message(),
            "data: csv: 'csv' has no test part; give a test file, or a test fraction that holds "
            "out an example");
}

TEST_F(CsvDatasetTest, ATestFileFollowsTheTrainingFile) {
  WriteTo(folder_.File("train.csv"), "x,y\n0,b\n4,a\n");
  WriteTo(folder_.File("test.csv"), "x,y\n6,a\n");
  const DatasetOptions options{.name = "csv:" + folder_.File("train.csv"),
                               .test_file = folder_.File("test.csv"),
                               .normalization = Normalization::kStandardize};
  const DatasetSplits splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
  EXPECT_EQ(splits.train->size(), 2U);
  EXPECT_THAT(Floats(*splits.test, {0}), ElementsAre(2));  // (6 - 2) / 2
  EXPECT_THAT(Classes(*splits.test, {0}), ElementsAre(0));

  WriteTo(folder_.File("test.csv"), "x,y\n6,a\n6,c\n");
  EXPECT_THAT(BuiltinDatasets().Load(options, Split::kTest).status().message(),
              HasSubstr("test.csv:3: label 'c' is none of the 2 classes: a, b"));
  WriteTo(folder_.File("test.csv"), "z,y\n6,a\n");
  EXPECT_THAT(BuiltinDatasets().Load(options, Split::kTest).status().message(),
              HasSubstr("header differs"));
  WriteTo(folder_.File("test.csv"), "x,z,y\n6,7,a\n");
  EXPECT_THAT(BuiltinDatasets().Load(options, Split::kTest).status().message(),
              HasSubstr("has 3 columns, but"));
}

TEST_F(CsvDatasetTest, AFileThatIsSomethingElseIsRefused) {
  using namespace std::string_literals;
  EXPECT_THAT(Error("PK\x03\x04\0\0 binary"s), HasSubstr("NUL byte"));
  EXPECT_THAT(LoadBytes(Gzip("1,0\n2,1\n").substr(0, 20), {}).status().message(),
              HasSubstr("truncated"));
}

}  // namespace
}  // namespace fedge::data
