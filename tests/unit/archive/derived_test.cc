#include "fedge/archive/derived.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "archive_files.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using ::fedge::testing::Content;
using ::fedge::testing::OpenGolden;
using ::testing::HasSubstr;

class DerivedTest : public ::testing::Test {
 protected:
  // A copy of `base` whose replaced storages hold `value` throughout.
  Archive Write(const Archive& base, const ArchiveWriter::Options& options, char value = '\1') {
    const std::string path = folder_.File(std::to_string(++num_files_) + ".pt");
    auto writer = ArchiveWriter::Create(base, PosixFileSystem(), path, options);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    for (const std::size_t storage : options.replaced_storages) {
      const std::string bytes(base.storages()[storage].num_bytes(), value);
      EXPECT_TRUE(writer->WriteStorage(storage, 0, AsBytes(bytes)).ok());
    }
    EXPECT_TRUE(writer->Finish().ok());
    auto archive = Archive::Open(path);
    EXPECT_TRUE(archive.ok()) << archive.status().ToString();
    EXPECT_TRUE(archive->Verify().ok());
    return std::move(archive).value();
  }

  fedge::testing::TempDirectory folder_;
  int num_files_ = 0;
};

TEST_F(DerivedTest, ADerivedRecordHoldsTheDigestsOfTheStoragesAsWritten) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  // One source is replaced in the same go, one is kept.
  const Archive copy =
      Write(base, {.replaced_storages = {1}, .extras = {{"fedge/program", "p", {1, 2}}}});
  const auto records = ReadDerived(copy);
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ((*records)[0].name, "fedge/program");
  ASSERT_EQ((*records)[0].sources.size(), 2U);
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    const DerivedSource& source = (*records)[0].sources[i];
    const std::string content = Content(copy, i + 1);
    EXPECT_EQ(source.record, copy.storages()[i + 1].record);
    EXPECT_EQ(source.size, content.size());
    EXPECT_EQ(source.crc32, Crc32(AsBytes(content)));
    EXPECT_EQ(source.sha256, Sha256::Of(AsBytes(content)));
  }
  EXPECT_TRUE(CheckDerived(copy, "fedge/program").ok());
  EXPECT_TRUE(CheckDerived(copy, "fedge/program", DerivedCheck::kContent).ok());
}

TEST_F(DerivedTest, RecordsWhoseTensorsChangeAreDropped) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Archive first =
      Write(base, {.replaced_storages = {},
                   .extras = {{"program", "p", {0}}, {"ranges", "r", {1}}, {"plain", "x", {}}}});
  const Archive second = Write(first, {.replaced_storages = {0}, .extras = {}});
  EXPECT_FALSE(second.HasExtra("program"));
  EXPECT_TRUE(second.HasExtra("plain"));
  EXPECT_TRUE(CheckDerived(second, "ranges", DerivedCheck::kContent).ok());
  EXPECT_EQ(ReadDerived(second)->size(), 1U);
  const Archive third = Write(second, {.replaced_storages = {1}, .extras = {}});
  EXPECT_FALSE(third.HasExtra("ranges"));
  EXPECT_FALSE(third.HasExtra(kDerivedRecord));
  EXPECT_EQ(*third.ReadExtra("plain"), "x");
}

TEST_F(DerivedTest, ARecordThatIsComputedAnewStays) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Archive first = Write(base, {.replaced_storages = {}, .extras = {{"program", "old", {0}}}});
  const Archive second =
      Write(first, {.replaced_storages = {0}, .extras = {{"program", "new", {0}}}});
  EXPECT_EQ(*second.ReadExtra("program"), "new");
  EXPECT_TRUE(CheckDerived(second, "program", DerivedCheck::kContent).ok());
  EXPECT_EQ(ReadDerived(second)->size(), 1U);
}

TEST_F(DerivedTest, ACopyOfOtherTensorsLeavesTheFileAsItIs) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Archive first = Write(base, {.replaced_storages = {}, .extras = {{"program", "p", {0}}}});
  const Archive second = Write(first, {.replaced_storages = {3}, .extras = {}});
  EXPECT_EQ(second.file_size(), first.file_size());
  EXPECT_TRUE(CheckDerived(second, "program").ok());
}

// A file that something which knows nothing of derived records has edited: the same extras on other
// tensors.
std::string Edited(const Archive& derived, std::size_t storage, bool fix_crc) {
  std::string bytes(reinterpret_cast<const char*>(derived.bytes().data()), derived.bytes().size());
  const StorageInfo& info = derived.storages()[storage];
  bytes[info.file_offset] = static_cast<char>(bytes[info.file_offset] ^ 1);
  if (!fix_crc) return bytes;
  std::string old_crc;
  std::string new_crc;
  fedge::testing::PutLittle(old_crc, info.crc32);
  fedge::testing::PutLittle(new_crc,
                            Crc32(AsBytes(bytes).subspan(info.file_offset, info.num_bytes())));
  for (std::size_t at = 0; (at = bytes.find(old_crc, at)) != std::string::npos;)
    bytes.replace(at, 4, new_crc);
  return bytes;
}

TEST_F(DerivedTest, AStaleRecordIsRefusedByReadersAndDroppedByTheWriter) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Archive first = Write(base, {.replaced_storages = {}, .extras = {{"program", "p", {0}}}});
  const std::string edited = Edited(first, 0, true);
  const auto stale = Archive::FromBytes(AsBytes(edited), "stale.pt");
  ASSERT_TRUE(stale.ok() && stale->Verify().ok());
  const Status status = CheckDerived(*stale, "program");
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      status.message(),
      HasSubstr("stale.pt: record 'extra/program': was computed from other values of 'data/0'"));
  const Archive copy = Write(*stale, {.replaced_storages = {3}, .extras = {}});
  EXPECT_FALSE(copy.HasExtra("program"));
}

TEST_F(DerivedTest, ContentIsCheckedWhereTheDirectoryCantTell) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Archive first = Write(base, {.replaced_storages = {}, .extras = {{"program", "p", {0}}}});
  const std::string edited = Edited(first, 0, false);
  const auto stale = Archive::FromBytes(AsBytes(edited), "stale.pt");
  EXPECT_TRUE(CheckDerived(*stale, "program").ok());
  EXPECT_FALSE(CheckDerived(*stale, "program", DerivedCheck::kContent).ok());
}

TEST_F(DerivedTest, ARecordWithoutSourcesIsNotTrusted) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  EXPECT_EQ(CheckDerived(base, "note.txt").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CheckDerived(base, "nothing").code(), StatusCode::kNotFound);
}

TEST(DerivedJsonTest, SurvivesBeingWritten) {
  const std::vector<DerivedRecord> records = {
      {.name = "a \"b\"",
       .sources = {{.record = "data/0", .size = 1ULL << 63, .crc32 = 0xdeadbeef, .sha256 = {}}}},
      {.name = "empty", .sources = {}}};
  const auto read = DerivedFromJson(DerivedToJson(records));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, records);
}

TEST(DerivedJsonTest, NamesTheMemberThatIsWrong) {
  const auto message = [](const std::string& derived) {
    return DerivedFromJson("{\"schema_version\":1,\"derived\":" + derived + "}").status().message();
  };
  EXPECT_THAT(message("5"), HasSubstr("'derived' is no array"));
  EXPECT_THAT(message("[5]"), HasSubstr("'derived[0]' is no object"));
  EXPECT_THAT(message(R"([{"record":5}])"), HasSubstr("'derived[0].record' is no string"));
  EXPECT_THAT(message(R"([{"sources":[{}]}])"),
              HasSubstr("'derived[0].sources[0].size' is no number"));
  EXPECT_THAT(message(R"([{"sources":[{"size":"1","crc32":"xyz"}]}])"), HasSubstr("crc32"));
  EXPECT_THAT(message(R"([{"sources":[{"size":"1","crc32":"1","sha256":"ab"}]}])"),
              HasSubstr("sha256"));
  EXPECT_THAT(message(R"([{"sources":[{"size":"99999999999999999999"}]}])"), HasSubstr("size"));
}

}  // namespace
}  // namespace fedge
