// Data as the command line names them.
#include "fedge/compress_eval/data_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string WriteCsv(const testing::TempDirectory& folder, const std::string& name) {
  const std::string path = folder.File(name);
  EXPECT_TRUE(WriteFileAtomically(PosixFileSystem(), path,
                                  AsBytes("a,b,kind\n1,2,yes\n3,4,no\n5,6,yes\n7,8,no\n9,1,yes\n"))
                  .ok());
  return path;
}

TEST(DataSourceTest, OfADataSetItIsTheTestPart) {
  const auto data = DataSource{.place = "digits"}.LoadTest();
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_LT((*data)->size(), 500u);  // of 1,797
}

TEST(DataSourceTest, OfAFileItIsAllOfIt) {
  const testing::TempDirectory folder;
  const auto data = DataSource{.place = "csv:" + WriteCsv(folder, "rows")}.LoadTest();
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_EQ((*data)->size(), 5u);
}

TEST(DataSourceTest, APathSaysByItsEndingWhatItIs) {
  const testing::TempDirectory folder;
  const auto data = DataSource{.place = WriteCsv(folder, "rows.csv")}.LoadTest();
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_EQ((*data)->info().num_classes, 2);
}

TEST(DataSourceTest, ClassesComeInTheOrderGiven) {
  const testing::TempDirectory folder;
  const auto data =
      DataSource{.place = WriteCsv(folder, "rows.csv"), .classes = {"yes", "no", "perhaps"}}
          .LoadTest();
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_THAT((*data)->Labels(), ElementsAre(0, 1, 0, 1, 0));
}

TEST(DataSourceTest, SaysWhatItDoesNotKnowBeforeItReads) {
  EXPECT_THAT(DataSource{.place = "nothing"}.Validate().message(), HasSubstr("unknown; known"));
  EXPECT_TRUE(DataSource{.place = "csv:not-there"}.Validate().ok());
  EXPECT_EQ(DataSource{.place = "csv:not-there"}.LoadTest().status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace fedge
