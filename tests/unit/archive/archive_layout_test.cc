// What only shows beyond 4 GB, and when the disk fails: on sparse files and a file system that
// fails on demand.
#include "fedge/archive/archive_layout.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "archive_files.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/archive/zip_directory.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::internal {
namespace {

using ::fedge::testing::BuildZip;
using ::fedge::testing::OpenGolden;
using ::fedge::testing::SmallModule;

constexpr std::uint64_t kGigabyte = std::uint64_t{1} << 30;

// Writes the pieces that are not payloads, at their places, into a file full of holes.
void WriteSparse(const std::string& path, std::span<const std::byte> base,
                 const std::vector<Piece>& pieces) {
  const auto file = PosixFileSystem().OpenForWrite(path);
  ASSERT_TRUE(file.ok());
  std::uint64_t end = 0;
  for (const Piece& piece : pieces) {
    ASSERT_EQ(piece.offset, end);  // ascending, without a gap
    end += piece.size;
    if (piece.source == Piece::Source::kBytes) {
      ASSERT_TRUE((*file)->WriteAt(piece.offset, AsBytes(piece.bytes)).ok());
    } else if (piece.source == Piece::Source::kBase) {
      ASSERT_TRUE((*file)->WriteAt(piece.offset, base.subspan(piece.base_offset, piece.size)).ok());
    }
  }
  ASSERT_TRUE((*file)->Truncate(end).ok());
}

TEST(ArchiveLayoutTest, RecordsAndOffsetsBeyondFourGigabytesUseZip64) {
  const std::string file = BuildZip(SmallModule());
  const auto directory = ReadZipDirectory(AsBytes(file));
  ASSERT_TRUE(directory.ok());
  const std::vector<Payload> payloads = {{.size = 5 * kGigabyte, .content = {}},
                                         {.size = 7, .content = "content"}};
  LayoutRequest request{
      .file = AsBytes(file),
      .directory = *directory,
      .changes = std::vector<RecordChange>(directory->entries.size()),
      .added = {{.name = "m/extra/large", .payload = 0}, {.name = "m/extra/behind", .payload = 1}},
      .payloads = payloads};
  const fedge::testing::TempDirectory folder;
  WriteSparse(folder.File("m.pt"), AsBytes(file), PlanLayout(request).value());
  const auto mapped = MappedFile::Open(folder.File("m.pt"));
  ASSERT_TRUE(mapped.ok());
  const auto large = ReadZipDirectory(mapped->bytes());
  ASSERT_TRUE(large.ok()) << large.status().ToString();
  ASSERT_EQ(large->entries.size(), directory->entries.size() + 2);
  const ZipEntry& big = large->entries[large->entries.size() - 2];
  EXPECT_EQ(big.name, "m/extra/large");
  EXPECT_EQ(big.size, 5 * kGigabyte);
  EXPECT_EQ(big.data_offset % 64, 0U);
  const ZipEntry& behind = large->entries.back();
  EXPECT_EQ(behind.name, "m/extra/behind");
  EXPECT_EQ(behind.size, 7U);
  EXPECT_GT(behind.header_offset, 5 * kGigabyte);
  EXPECT_EQ(behind.data_offset % 64, 0U);

  // Once more on that file: the record in front goes, everything behind it moves down across the
  // border.
  LayoutRequest again{.file = mapped->bytes(),
                      .directory = *large,
                      .changes = std::vector<RecordChange>(large->entries.size()),
                      .added = {},
                      .payloads = payloads};
  again.changes[large->entries.size() - 2] = {.kind = RecordChange::Kind::kReplace, .payload = 1};
  WriteSparse(folder.File("small.pt"), mapped->bytes(), PlanLayout(again).value());
  const auto small = MappedFile::Open(folder.File("small.pt"));
  const auto narrow = ReadZipDirectory(small->bytes());
  ASSERT_TRUE(narrow.ok()) << narrow.status().ToString();
  EXPECT_LT(small->bytes().size(), 10'000U);
  EXPECT_EQ(narrow->entries.back().name, "m/extra/behind");
  EXPECT_EQ(narrow->entries.back().data_offset % 64, 0U);
}

// Records m/a and m/b; the local header of m/b has a field of so many bytes that is not ours, and
// its data are aligned.
std::string WithLongHeader(std::size_t field_bytes) {
  std::string file =
      BuildZip({{.name = "m/a", .content = "first"}, {.name = "m/b", .content = "second"}});
  const std::size_t header = ReadZipDirectory(AsBytes(file))->entries[1].header_offset;
  std::string extra;
  fedge::testing::PutLittle<std::uint16_t>(extra, 0x7777);
  fedge::testing::PutLittle(extra, static_cast<std::uint16_t>(field_bytes));
  extra.append(field_bytes, 'x');
  const std::size_t data = header + kLocalHeaderSize + 3;
  const std::size_t padding = (64 - (data + extra.size() + 4) % 64) % 64;
  fedge::testing::PutLittle<std::uint16_t>(extra, 0x4246);
  fedge::testing::PutLittle(extra, static_cast<std::uint16_t>(padding));
  extra.append(padding, 'Z');
  file.insert(data, extra);
  std::string extra_size;
  fedge::testing::PutLittle(extra_size, static_cast<std::uint16_t>(extra.size()));
  file.replace(header + 28, 2, extra_size);
  const std::size_t central = file.size() - kEndSize - 2 * (kCentralEntrySize + 3);
  std::string central_offset;
  fedge::testing::PutLittle(central_offset, static_cast<std::uint32_t>(central));
  return file.replace(file.size() - 6, 4, central_offset);
}

TEST(ArchiveLayoutTest, AHeaderFullOfExtraFieldsStillHasRoomForItsPadding) {
  for (const std::size_t field_bytes : {std::size_t{60'000}, std::size_t{65'460}}) {
    const std::string file = WithLongHeader(field_bytes);
    const auto directory = ReadZipDirectory(AsBytes(file));
    ASSERT_TRUE(directory.ok()) << directory.status().ToString();
    ASSERT_EQ(directory->entries[1].data_offset % 64, 0U);
    LayoutRequest request{
        .file = AsBytes(file),
        .directory = *directory,
        .changes = {{.kind = RecordChange::Kind::kDrop}, {.kind = RecordChange::Kind::kKeep}},
        .added = {},
        .payloads = {}};
    const fedge::testing::TempDirectory folder;
    WriteSparse(folder.File("m.pt"), AsBytes(file), PlanLayout(request).value());
    const auto mapped = MappedFile::Open(folder.File("m.pt"));
    ASSERT_TRUE(mapped.ok());
    const auto copy = ReadZipDirectory(mapped->bytes());
    ASSERT_TRUE(copy.ok()) << copy.status().ToString();
    ASSERT_EQ(copy->entries.size(), 1U);
    EXPECT_EQ(copy->entries[0].data_offset % 64, 0U);
    const auto data = mapped->bytes().subspan(copy->entries[0].data_offset, 6);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(data.data()), data.size()), "second");
  }
}

// Fails the nth operation on a file.
class FailingFile final : public WritableFile {
 public:
  FailingFile(std::unique_ptr<WritableFile> file, int& countdown)
      : file_(std::move(file)), countdown_(countdown) {}
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    return Fails() ? Full() : file_->WriteAt(offset, bytes);
  }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return Fails() ? Full() : file_->ReadAt(offset, out);
  }
  Status Truncate(std::uint64_t size) override { return Fails() ? Full() : file_->Truncate(size); }
  Result<std::uint64_t> Size() const override { return file_->Size(); }
  Status Reserve(std::uint64_t offset, std::uint64_t size) override {
    return Fails() ? Full() : file_->Reserve(offset, size);
  }
  Status Sync() override { return Fails() ? Full() : file_->Sync(); }

 private:
  bool Fails() const { return countdown_-- == 0; }
  static Status Full() { return ResourceExhausted("disk full"); }
  std::unique_ptr<WritableFile> file_;
  int& countdown_;
};

class FailingFiles final : public FileSystem {
 public:
  explicit FailingFiles(int countdown) : countdown_(countdown) {}
  bool failed() const { return countdown_ < 0; }

  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    FEDGE_ASSIGN_OR_RETURN(auto file, real_.OpenForWrite(path));
    return std::unique_ptr<WritableFile>(
        std::make_unique<FailingFile>(std::move(file), countdown_));
  }
  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    return real_.OpenForRead(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return real_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return real_.Link(from, to);
  }
  Status Remove(const std::string& path) override { return real_.Remove(path); }
  Status CreateDirectory(const std::string& path) override { return real_.CreateDirectory(path); }
  Status SyncDirectory(const std::string& path) override { return real_.SyncDirectory(path); }
  Result<std::vector<std::string>> List(const std::string& path) override {
    return real_.List(path);
  }
  bool Exists(const std::string& path) override { return real_.Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return real_.Lock(path);
  }

 private:
  FileSystem& real_ = PosixFileSystem();
  int countdown_;
};

// Writes a copy with two storages, the second one first.
Status WriteCopy(const Archive& base, FileSystem& files, const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(
      auto writer, ArchiveWriter::Create(base, files, path,
                                         {.replaced_storages = {0, 1},
                                          .extras = {{"note.txt", "longer than it was", {0}}}}));
  for (const std::size_t storage : {std::size_t{1}, std::size_t{0}}) {
    const std::string bytes(base.storages()[storage].num_bytes(), 'x');
    FEDGE_RETURN_IF_ERROR(writer.WriteStorage(storage, 0, AsBytes(bytes)));
  }
  return writer.Finish().status();
}

TEST(ArchiveWriterFailureTest, EveryFailureOfTheDiskIsReportedAndLeavesNoFile) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const fedge::testing::TempDirectory folder;
  int operations = 0;
  for (;; ++operations) {
    FailingFiles files(operations);
    const Status status = WriteCopy(base, files, folder.File("copy.pt"));
    if (!files.failed()) {
      EXPECT_TRUE(status.ok()) << status.ToString();
      break;
    }
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << operations;
    EXPECT_FALSE(files.Exists(folder.File("copy.pt"))) << operations;
  }
  EXPECT_GT(operations, 10);
}

TEST(ArchiveWriterFailureTest, AWriterThatFailedStaysFailed) {
  const Archive base = OpenGolden("torch-2.13/mlp.pt");
  const fedge::testing::TempDirectory folder;
  for (int i = 2; i < 100; ++i) {
    FailingFiles files(i);
    auto failing =
        ArchiveWriter::Create(base, files, folder.File("copy.pt"), {.replaced_storages = {0}});
    if (!failing.ok()) continue;  // failed while the front was copied
    const std::string bytes(base.storages()[0].num_bytes(), 'x');
    ASSERT_FALSE(failing->WriteStorage(0, 0, AsBytes(bytes)).ok());
    EXPECT_EQ(failing->Finish().status().code(), StatusCode::kResourceExhausted);
    return;
  }
  FAIL() << "no write was reached";
}

}  // namespace
}  // namespace fedge::internal
