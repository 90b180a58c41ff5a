#include "fedge/archive/zip_directory.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "fedge/archive/archive_contents.h"
#include "zip_builder.h"

namespace fedge::internal {
namespace {

using ::fedge::testing::BuildZip;
using ::fedge::testing::ZipOptions;
using ::fedge::testing::ZipRecord;
using ::testing::HasSubstr;

Result<ZipDirectory> Read(const std::string& file) { return ReadZipDirectory(AsBytes(file)); }

TEST(ZipDirectoryTest, FindsStoredAndDeflatedRecords) {
  const std::string text(5000, 'x');
  const std::string file = BuildZip(
      {{.name = "m/a", .content = "hello"}, {.name = "m/b", .content = text, .deflate = true}});
  const auto directory = Read(file);
  ASSERT_TRUE(directory.ok()) << directory.status().ToString();
  ASSERT_EQ(directory->entries.size(), 2U);
  const ZipEntry& a = directory->entries[0];
  EXPECT_EQ(a.name, "m/a");
  EXPECT_EQ(file.substr(a.data_offset, a.stored_size), "hello");
  const ZipEntry& b = directory->entries[1];
  EXPECT_EQ(b.method, kMethodDeflated);
  EXPECT_EQ(b.size, text.size());
  EXPECT_LT(b.stored_size, 100U);
}

TEST(ZipDirectoryTest, ReadsZip64) {
  const std::string file =
      BuildZip({{.name = "m/a", .content = "hello", .zip64 = true}}, {.zip64_end = true});
  const auto directory = Read(file);
  ASSERT_TRUE(directory.ok()) << directory.status().ToString();
  ASSERT_EQ(directory->entries.size(), 1U);
  EXPECT_EQ(directory->entries[0].size, 5U);
  EXPECT_EQ(file.substr(directory->entries[0].data_offset, 5), "hello");
}

TEST(ZipDirectoryTest, FindsTheEndBeforeAComment) {
  const auto directory =
      Read(BuildZip({{.name = "m/a", .content = "hello"}}, {.comment = std::string(60'000, 'c')}));
  ASSERT_TRUE(directory.ok()) << directory.status().ToString();
  EXPECT_EQ(directory->entries.size(), 1U);
}

struct BadZip {
  std::string name;
  std::string file;
  StatusCode code;
  std::string message;

  friend void PrintTo(const BadZip& self, std::ostream* out) { *out << self.name; }
};

std::string WithByte(std::string file, std::size_t offset, char value) {
  file[offset] = value;
  return file;
}

std::vector<BadZip> BadZips() {
  const ZipRecord a{.name = "m/a", .content = "hello"};
  const std::string good = BuildZip({a});
  const std::string zip64 = BuildZip({a}, {.zip64_end = true});
  const auto named = [](std::string name) {
    return BuildZip({{.name = std::move(name), .content = "x"}});
  };
  return {
      {"Empty", "", StatusCode::kInvalidArgument, "no zip file"},
      {"OtherFile", std::string(1000, 'x'), StatusCode::kInvalidArgument, "no zip file"},
      {"CutOff", good.substr(0, good.size() - 30), StatusCode::kDataLoss, "cut off"},
      {"Encrypted", BuildZip({{.name = "m/a", .content = "x", .flags = 1}}),
       StatusCode::kInvalidArgument, "record 'm/a' at offset 0: it is encrypted"},
      {"StronglyEncrypted", BuildZip({{.name = "m/a", .content = "x", .flags = 0x2000}}),
       StatusCode::kInvalidArgument, "encrypted"},
      {"OtherMethod", BuildZip({{.name = "m/a", .content = "x", .method_offset = 14}}),
       StatusCode::kInvalidArgument, "compression method 14"},
      {"AbsoluteName", named("/etc/passwd"), StatusCode::kInvalidArgument, "not a relative path"},
      {"ParentName", named("m/../../x"), StatusCode::kInvalidArgument, "has a '..' in it"},
      {"DotName", named("m/./x"), StatusCode::kInvalidArgument, "has a '.' in it"},
      {"BackslashName", named("m\\x"), StatusCode::kInvalidArgument, "not a relative path"},
      {"DriveName", named("c:x"), StatusCode::kInvalidArgument, "not a relative path"},
      {"NulInName", named(std::string("m/a\0b", 5)), StatusCode::kInvalidArgument, "'m/a?b'"},
      {"NoName", named(""), StatusCode::kInvalidArgument, "not a relative path"},
      {"DuplicateName", BuildZip({a, a}), StatusCode::kInvalidArgument, "occurs a second time"},
      {"SharedBytes", BuildZip({a, {.name = "m/a", .content = "hello", .header_offset = 0}}),
       StatusCode::kDataLoss, "overlaps"},
      {"OtherLocalName", BuildZip({{.name = "m/a", .content = "x", .local_name = "m/b"}}),
       StatusCode::kDataLoss, "does not have this name"},
      {"HeaderElsewhere", BuildZip({{.name = "m/a", .content = "x", .header_offset = 5}}),
       StatusCode::kDataLoss, "record 'm/a' at offset 5: there is no record header"},
      {"HeaderPastTheEnd", BuildZip({{.name = "m/a", .content = "x", .header_offset = 0x7fffffff}}),
       StatusCode::kDataLoss, "there is no record header"},
      {"DataPastTheDirectory",
       BuildZip({{.name = "m/a", .content = "x", .size = 1u << 30, .stored_size = 1u << 30}}),
       StatusCode::kDataLoss, "run past the directory"},
      {"StoredSizesDiffer", BuildZip({{.name = "m/a", .content = "x", .size = 2}}),
       StatusCode::kDataLoss, "its sizes differ"},
      {"ImpossibleRatio",
       BuildZip({{.name = "m/a", .content = "x", .deflate = true, .size = 0xfffffff0}}),
       StatusCode::kDataLoss, "can't hold"},
      {"LocalMethodDiffers", WithByte(good, 8, 8), StatusCode::kDataLoss,
       "contradicts the directory"},
      {"LocalFlagsDiffer", WithByte(good, 6, 1), StatusCode::kDataLoss,
       "contradicts the directory"},
      {"TooManyEntries", BuildZip({a}, {.num_entries_offset = 1}), StatusCode::kDataLoss,
       "too small for 2 records"},
      {"TooFewEntries", BuildZip({a}, {.num_entries_offset = -1}), StatusCode::kDataLoss,
       "bytes too many"},
      {"DirectoryElsewhere", BuildZip({a}, {.central_offset_offset = -1}), StatusCode::kDataLoss,
       "directory entry 0"},
      {"DirectoryPastTheEnd", BuildZip({a}, {.central_offset_offset = 1000}), StatusCode::kDataLoss,
       "runs past the end records"},
      {"EndRecordsDiffer", WithByte(zip64, zip64.size() - 12, 3), StatusCode::kDataLoss,
       "contradict each other"},
      {"Zip64EndElsewhere", WithByte(zip64, zip64.size() - kEndSize - 12, 3), StatusCode::kDataLoss,
       "zip64 end record is not at offset"},
  };
}

class BadZipTest : public ::testing::TestWithParam<BadZip> {};

TEST_P(BadZipTest, IsRefusedWithAMessage) {
  const auto directory = Read(GetParam().file);
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.status().code(), GetParam().code) << directory.status().ToString();
  EXPECT_THAT(directory.status().message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(All, BadZipTest, ::testing::ValuesIn(BadZips()),
                         [](const auto& bad) { return bad.param.name; });

TEST(ZipDirectoryTest, RefusesAZip64EntryWithoutItsField) {
  // The entry says that its sizes are elsewhere, but there is no such field.
  const auto directory =
      Read(BuildZip({{.name = "m/a", .content = "x", .size = kMax32, .stored_size = kMax32}}));
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.status().code(), StatusCode::kDataLoss);
}

TEST(ArchiveContentsTest, RefusesRecordsOutsideOfTheFolder) {
  const std::string file =
      BuildZip({{.name = "m/version", .content = "3"}, {.name = "data.pkl", .content = "x"}});
  const auto contents = ReadContents(AsBytes(file));
  ASSERT_FALSE(contents.ok());
  EXPECT_THAT(contents.status().message(), HasSubstr("record 'data.pkl'"));
}

TEST(ArchiveContentsTest, RefusesAZipWithoutAModel) {
  for (const std::string& file : {BuildZip({}), BuildZip({{.name = "m/readme", .content = "x"}})}) {
    const auto contents = ReadContents(AsBytes(file));
    ASSERT_FALSE(contents.ok());
    EXPECT_EQ(contents.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(contents.status().message(), HasSubstr("is not a TorchScript archive"));
  }
}

TEST(ArchiveContentsTest, RefusesBigEndianArchives) {
  const std::string file = BuildZip(
      {{.name = "m/data.pkl", .content = "\x80\x02)."}, {.name = "m/byteorder", .content = "big"}});
  EXPECT_EQ(ReadContents(AsBytes(file)).status().code(), StatusCode::kUnimplemented);
}

TEST(ArchiveContentsTest, RefusesAPickleThatInflatesWithoutMeasure) {
  const std::string file =
      BuildZip({{.name = "m/data.pkl", .content = std::string(50'000'000, ']'), .deflate = true}});
  const auto contents = ReadContents(AsBytes(file));
  ASSERT_FALSE(contents.ok());
  EXPECT_THAT(contents.status().message(), HasSubstr("are no text"));
}

}  // namespace
}  // namespace fedge::internal
