#include "fedge/common/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fedge/common/hash.h"
#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using testing::TempDirectory;

TEST(FileTest, WritesAreReadBackAtTheirOffsets) {
  const TempDirectory folder;
  auto& files = PosixFileSystem();
  auto file = files.OpenForWrite(folder.File("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(3, AsBytes("def")).ok());
  ASSERT_TRUE((*file)->WriteAt(0, AsBytes("abc")).ok());
  ASSERT_TRUE((*file)->Sync().ok());
  EXPECT_EQ(*ReadFile(folder.File("a")), "abcdef");
}

TEST(FileTest, ReservingSpaceKeepsTheSize) {
  const TempDirectory folder;
  auto file = PosixFileSystem().OpenForWrite(folder.File("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(0, AsBytes("abc")).ok());
  ASSERT_TRUE((*file)->Reserve(3, 1 << 20).ok());
  EXPECT_EQ((*file)->Size().value(), 3U);
}

TEST(FileTest, ReservingMoreThanThereCanBeIsRefused) {
  const TempDirectory folder;
  auto file = PosixFileSystem().OpenForWrite(folder.File("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE((*file)->Reserve(0, std::uint64_t{1} << 62).ok());
}

TEST(FileTest, ReadingPastTheEndSaysWhere) {
  const TempDirectory folder;
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), folder.File("a"), AsBytes("abc")).ok());
  auto file = PosixFileSystem().OpenForRead(folder.File("a"));
  ASSERT_TRUE(file.ok());
  std::array<std::byte, 8> buffer{};
  const Status status = (*file)->ReadAt(1, buffer);
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_NE(status.message().find("ends 6 bytes too early (at offset 3)"), std::string::npos)
      << status.message();
}

TEST(FileTest, NewFilesAndFoldersAreForTheirOwnerOnly) {
  const TempDirectory folder;
  ASSERT_TRUE(PosixFileSystem().CreateDirectory(folder.File("x/y")).ok());
  struct stat info {};
  ASSERT_EQ(::stat(folder.File("x/y").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  ASSERT_TRUE(PosixFileSystem().OpenForWrite(folder.File("x/y/f")).ok());
  ASSERT_EQ(::stat(folder.File("x/y/f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0077U, 0U);
}

TEST(FileTest, ALockIsHeldByOneAtATime) {
  const TempDirectory folder;
  auto first = PosixFileSystem().Lock(folder.File("lock"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(PosixFileSystem().Lock(folder.File("lock")).status().code(),
            StatusCode::kFailedPrecondition);
  first = NotFound("released");
  EXPECT_TRUE(PosixFileSystem().Lock(folder.File("lock")).ok());
}

TEST(FileTest, AMissingFileIsNamed) {
  const Status status = MappedFile::Open("/nonexistent/model.pt").status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("/nonexistent/model.pt"), std::string::npos);
}

TEST(FileTest, AFolderCannotBeMapped) {
  const TempDirectory folder;
  EXPECT_EQ(MappedFile::Open(folder.path()).status().code(), StatusCode::kInvalidArgument);
}

TEST(FileTest, ReadFileRefusesMoreThanItsLimit) {
  const TempDirectory folder;
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), folder.File("a"), AsBytes("abc")).ok());
  EXPECT_EQ(ReadFile(folder.File("a"), 2).status().code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace fedge
