#include "fedge/archive/archive_writer.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <unistd.h>

#include "archive_files.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using ::fedge::testing::BuildZip;
using ::fedge::testing::Content;
using ::fedge::testing::GoldenFiles;
using ::fedge::testing::GoldenName;
using ::fedge::testing::OpenGolden;
using ::fedge::testing::ReadText;
using ::fedge::testing::SmallModule;
using ::fedge::testing::StorageOf;
using ::testing::HasSubstr;

constexpr std::size_t kAlignment = 64;

// Bytes that differ from what any golden file holds.
std::string NewBytes(const Archive& base, std::size_t storage) {
  std::string bytes;
  for (std::uint64_t i = 0; i < base.storages()[storage].num_bytes(); ++i) {
    bytes.push_back(static_cast<char>(0xa0 + (i + storage) % 64));
  }
  return bytes;
}

struct Copy {
  std::string path;
  ArchiveWriter::Summary summary;
};

class ArchiveWriterTest : public ::testing::Test {
 protected:
  // Writes a copy in which every storage of `options` has NewBytes, in chunks of an awkward size.
  Copy Write(const Archive& base, ArchiveWriter::Options options, bool backwards = false) {
    Copy copy{folder_.File("copy.pt"), {}};
    auto writer = ArchiveWriter::Create(base, PosixFileSystem(), copy.path, options);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    auto storages = options.replaced_storages;
    if (backwards) std::reverse(storages.begin(), storages.end());
    for (const std::size_t storage : storages) {
      const std::string bytes = NewBytes(base, storage);
      for (std::size_t i = 0; i < bytes.size(); i += 7) {
        EXPECT_TRUE(writer
                        ->WriteStorage(
                            storage, i,
                            AsBytes(bytes).subspan(i, std::min<std::size_t>(7, bytes.size() - i)))
                        .ok());
      }
    }
    auto summary = writer->Finish();
    EXPECT_TRUE(summary.ok()) << summary.status().ToString();
    if (summary.ok()) copy.summary = *summary;
    return copy;
  }

  fedge::testing::TempDirectory folder_;
};

std::vector<std::size_t> AllStorages(const Archive& archive) {
  std::vector<std::size_t> storages(archive.storages().size());
  for (std::size_t i = 0; i < storages.size(); ++i) storages[i] = i;
  return storages;
}

// The copy has NewBytes in the replaced storages and is otherwise the base, `changed` extras apart.
void ExpectPatched(const Archive& base, const Copy& written, const std::set<std::size_t>& replaced,
                   const std::set<std::string>& changed = {}) {
  const std::string bytes = ReadText(written.path);
  EXPECT_EQ(written.summary.size, bytes.size());
  EXPECT_EQ(written.summary.digest, Sha256::Of(AsBytes(bytes)));
  EXPECT_EQ(written.summary.crc32, Crc32(AsBytes(bytes)));
  const auto copy = Archive::Open(written.path);
  ASSERT_TRUE(copy.ok()) << copy.status().ToString();
  EXPECT_TRUE(copy->Verify().ok()) << copy->Verify().ToString();
  ASSERT_EQ(copy->storages().size(), base.storages().size());
  for (std::size_t i = 0; i < base.storages().size(); ++i) {
    EXPECT_EQ(Content(*copy, i), replaced.contains(i) ? NewBytes(base, i) : Content(base, i)) << i;
    if (!copy->storages()[i].deflated && copy->storages()[i].num_elements > 0) {
      EXPECT_EQ(copy->storages()[i].file_offset % kAlignment, 0U) << i;
    }
  }
  for (const RecordInfo& record : base.records()) {
    if (record.name.starts_with("data/") || changed.contains(record.name)) continue;
    EXPECT_EQ(*copy->ReadRecord(record.name), *base.ReadRecord(record.name)) << record.name;
    EXPECT_EQ(copy->FindRecord(record.name)->deflated, record.deflated) << record.name;
  }
}

class GoldenWriterTest : public ArchiveWriterTest,
                         public ::testing::WithParamInterface<std::string> {};

TEST_P(GoldenWriterTest, ACopyWithoutChangesIsTheSameFile) {
  const auto base = Archive::Open(GetParam());
  ASSERT_TRUE(base.ok());
  EXPECT_EQ(ReadText(Write(*base, {}).path), ReadText(GetParam()));
}

TEST_P(GoldenWriterTest, NewTensorsStandWhereTheOldOnesStood) {
  const auto base = Archive::Open(GetParam());
  ASSERT_TRUE(base.ok());
  const auto storages = AllStorages(*base);
  const Copy copy = Write(*base, {.replaced_storages = storages, .extras = {}});
  ExpectPatched(*base, copy, {storages.begin(), storages.end()});
  // Nothing but those bytes and three CRCs a record differs: descriptor, directory, and none in
  // PyTorch's local headers.
  const std::string before = ReadText(GetParam());
  const std::string after = ReadText(copy.path);
  ASSERT_EQ(before.size(), after.size());
  std::size_t differing = 0;
  for (std::size_t i = 0; i < before.size(); ++i) differing += before[i] != after[i] ? 1U : 0U;
  std::size_t allowed = 0;
  for (const StorageInfo& storage : base->storages()) allowed += storage.num_bytes() + 8;
  EXPECT_LE(differing, allowed);
}

TEST_P(GoldenWriterTest, RecordsMoveWhenExtrasChangeTheirSize) {
  const auto base = Archive::Open(GetParam());
  ASSERT_TRUE(base.ok());
  const auto storages = AllStorages(*base);
  const std::string text(1000, 'p');
  const Copy copy = Write(*base,
                          {.replaced_storages = storages,
                           .extras = {{"fedge/provenance.json", text, {}},
                                      {"note.txt", std::nullopt, {}},
                                      {"fedge/empty", "no more", {}},
                                      {"nothing", std::nullopt, {}}}},
                          true);
  ExpectPatched(*base, copy, {storages.begin(), storages.end()},
                {"extra/note.txt", "extra/fedge/empty"});
  const auto opened = Archive::Open(copy.path);
  EXPECT_EQ(*opened->ReadExtra("fedge/provenance.json"), text);
  EXPECT_EQ(*opened->ReadExtra("fedge/empty"), "no more");
  EXPECT_FALSE(opened->HasExtra("note.txt"));
  EXPECT_FALSE(opened->HasExtra("nothing"));
  if (const auto manifest = BuildManifest(*base); manifest.ok()) {
    EXPECT_EQ(BuildManifest(*opened)->structure, manifest->structure);
  }
}

TEST_P(GoldenWriterTest, DeflatedExtrasReadBackAndAreWrittenOverLikeOthers) {
  const auto base = Archive::Open(GetParam());
  ASSERT_TRUE(base.ok());
  const std::string text(100'000, 'p');
  const Copy copy = Write(*base, {.extras = {{.name = "note.txt", .content = text, .deflate = true},
                                             {.name = "none", .content = "", .deflate = true}}});
  const auto opened = Archive::Open(copy.path);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_TRUE(opened->Verify().ok());
  EXPECT_LT(opened->file_size(), base->file_size() + 2000);
  EXPECT_EQ(*opened->ReadExtra("note.txt"), text);
  EXPECT_EQ(*opened->ReadExtra("none"), "");
  const std::string bytes = ReadText(copy.path);
  const auto first = Archive::FromBytes(AsBytes(bytes), "first.pt");
  const Copy again = Write(*first, {.extras = {{.name = "note.txt", .content = "short"}}});
  EXPECT_EQ(*Archive::Open(again.path)->ReadExtra("note.txt"), "short");
}

TEST_P(GoldenWriterTest, TheOrderOfStoragesChangesNoByte) {
  const auto base = Archive::Open(GetParam());
  ASSERT_TRUE(base.ok());
  const ArchiveWriter::Options options{.replaced_storages = AllStorages(*base),
                                       .extras = {{"x", "y", {}}}};
  const Copy forwards = Write(*base, options);
  const std::string bytes = ReadText(forwards.path);
  const Copy backwards = Write(*base, options, true);
  EXPECT_EQ(ReadText(backwards.path), bytes);
  EXPECT_EQ(backwards.summary.digest, forwards.summary.digest);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenWriterTest, ::testing::ValuesIn(GoldenFiles(".txt")),
                         GoldenName);

TEST_F(ArchiveWriterTest, AFileOfAZipToolIsAlignedWhereItIsReplaced) {
  for (const bool deflate : {false, true}) {
    const std::string file = BuildZip(SmallModule(deflate));
    const auto base = Archive::FromBytes(AsBytes(file), "m.pt");
    ASSERT_TRUE(base.ok());
    const Copy written = Write(*base, {.replaced_storages = {1}, .extras = {}});
    const auto copy = Archive::Open(written.path);
    ASSERT_TRUE(copy.ok()) << copy.status().ToString();
    EXPECT_TRUE(copy->Verify().ok()) << copy->Verify().ToString();
    EXPECT_EQ(Content(*copy, 0), Content(*base, 0));
    EXPECT_EQ(copy->storages()[0].deflated, deflate);
    EXPECT_EQ(Content(*copy, 1), NewBytes(*base, 1));
    EXPECT_FALSE(copy->storages()[1].deflated);
    EXPECT_EQ(copy->storages()[1].file_offset % kAlignment, 0U);
    EXPECT_EQ(*copy->ReadRecord("version"), "3\n");
  }
}

TEST_F(ArchiveWriterTest, ACrcInALocalHeaderIsPatchedToo) {
  // A tool's file whose data happens to be aligned: the record stays where it is.
  auto records = SmallModule();
  const std::string unpadded = BuildZip(records);
  const auto before = Archive::FromBytes(AsBytes(unpadded), "m.pt");
  const std::uint64_t offset = before->storages()[0].file_offset;
  records[2].content += std::string(kAlignment - offset % kAlignment, ' ');
  const std::string file = BuildZip(records);
  const auto base = Archive::FromBytes(AsBytes(file), "m.pt");
  ASSERT_EQ(base->storages()[0].file_offset % kAlignment, 0U);
  const Copy written = Write(*base, {.replaced_storages = {0}, .extras = {}});
  const std::string copy = ReadText(written.path);
  EXPECT_EQ(copy.size(), file.size());
  const std::uint64_t header = base->FindRecord("data/0")->header_offset;
  const std::uint32_t crc = Crc32(AsBytes(NewBytes(*base, 0)));
  std::string little;
  fedge::testing::PutLittle(little, crc);
  EXPECT_EQ(copy.substr(header + 14, 4), little);
  EXPECT_TRUE(Archive::FromBytes(AsBytes(copy), "copy")->Verify().ok());
}

// Bytes of mapped files that count as this process's memory.
std::uint64_t MappedResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  statm >> size >> resident >> shared;
  return shared * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(ArchiveWriterTest, VerifyingALargeFileTakesNoMemory) {
  constexpr std::size_t kSize = 32u << 20;
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Copy written = Write(
      base, {.replaced_storages = {}, .extras = {{"large.bin", std::string(kSize, 'x'), {}}}});
  const auto copy = Archive::Open(written.path);
  ASSERT_TRUE(copy.ok());
  const std::uint64_t before = MappedResidentBytes();
  EXPECT_TRUE(copy->Verify().ok());
  EXPECT_LT(MappedResidentBytes(), before + kSize / 4);
}

TEST_F(ArchiveWriterTest, AnExtraOfTheSameSizeStaysWhereItIs) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const Copy written =
      Write(base, {.replaced_storages = {}, .extras = {{"note.txt", "HELLO", {}}}});
  const auto copy = Archive::Open(written.path);
  EXPECT_EQ(*copy->ReadExtra("note.txt"), "HELLO");
  EXPECT_EQ(copy->file_size(), base.file_size());
  EXPECT_TRUE(copy->Verify().ok());
}

TEST_F(ArchiveWriterTest, RefusesBytesThatDoNotContinueAStorage) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  auto writer = ArchiveWriter::Create(base, PosixFileSystem(), folder_.File("copy.pt"),
                                      {.replaced_storages = {0, 0}, .extras = {}});
  ASSERT_TRUE(writer.ok());
  const std::string bytes = NewBytes(base, 0);
  EXPECT_EQ(writer->WriteStorage(0, 4, AsBytes(bytes).first(4)).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(writer->WriteStorage(1, 0, AsBytes(bytes).first(4)).code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(writer->WriteStorage(0, 0, AsBytes(bytes).first(4)).ok());
  EXPECT_EQ(writer->WriteStorage(0, 0, AsBytes(bytes).first(4)).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(writer->WriteStorage(0, 4, AsBytes(bytes)).code(), StatusCode::kInvalidArgument);
  const auto early = writer->Finish();
  EXPECT_EQ(early.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(early.status().message(), HasSubstr("storage 'data/0' has 4 of 48 bytes"));
  EXPECT_TRUE(writer->WriteStorage(0, 4, AsBytes(bytes).subspan(4)).ok());
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(writer->Finish().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ArchiveWriterTest, RefusesWhatCantBeWritten) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const auto create = [&](ArchiveWriter::Options options) {
    return ArchiveWriter::Create(base, PosixFileSystem(), folder_.File("copy.pt"),
                                 std::move(options))
        .status()
        .code();
  };
  EXPECT_EQ(create({.replaced_storages = {99}, .extras = {}}), StatusCode::kInvalidArgument);
  for (const char* name : {"", "../x", "a//../b", "folder/", "a\nb", "fedge/derived.json"}) {
    EXPECT_EQ(create({.replaced_storages = {}, .extras = {{name, "x", {}}}}),
              StatusCode::kInvalidArgument)
        << name;
  }
  EXPECT_EQ(create({.replaced_storages = {}, .extras = {{"x", "1", {}}, {"x", "2", {}}}}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(create({.replaced_storages = {}, .extras = {{"x", "1", {99}}}}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(create({.replaced_storages = {}, .extras = {{"x", std::nullopt, {0}}}}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(ArchiveWriter::Create(base, PosixFileSystem(), base.path(), {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder_.File("copy.pt")));
}

TEST_F(ArchiveWriterTest, AnUnfinishedFileIsRemoved) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const std::string path = folder_.File("copy.pt");
  {
    auto writer = ArchiveWriter::Create(base, PosixFileSystem(), path,
                                        {.replaced_storages = {0}, .extras = {}});
    ASSERT_TRUE(writer.ok());
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ArchiveWriterTest, AFileThatCantBeCreatedIsAnError) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const auto writer =
      ArchiveWriter::Create(base, PosixFileSystem(), folder_.File("no/such/folder.pt"), {});
  EXPECT_EQ(writer.status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace fedge
