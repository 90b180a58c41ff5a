// The disk that loses power: what must survive does, what need not survive sometimes does not.
#include "fedge/testing/durability/power_loss_disk.h"

#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/testing/durability/durability_files.h"
#include "fedge/testing/temp_directory.h"

namespace fedge::testing {
namespace {

// The contents that a file is found with over many losses of power after `play`; "-": it is gone.
std::set<std::string> Found(const std::string& name,
                            const std::function<void(FileSystem&, const std::string&)>& play) {
  std::set<std::string> found;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const TempDirectory outer;
    const std::string folder = outer.File("disk");
    std::filesystem::create_directory(folder);
    PowerLossDisk disk(folder);
    CrashPoints points("", 0, [] {});
    DurabilityFiles files(disk, points);
    play(files, folder);
    disk.LosePower(seed);
    const auto content = ReadFile(folder + "/" + name);
    found.insert(content.ok() ? *content : "-");
  }
  return found;
}

void Put(FileSystem& files, const std::string& path, const std::string& bytes, bool sync) {
  const auto file = files.OpenForWrite(path);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(0, AsBytes(bytes)).ok());
  if (sync) {
    ASSERT_TRUE((*file)->Sync().ok());
  }
}

using Contents = std::set<std::string>;

TEST(PowerLossDiskTest, KeepsWhatWasSyncedWithItsName) {
  EXPECT_EQ(Found("a",
                  [](FileSystem& files, const std::string& folder) {
                    Put(files, folder + "/a", "new", true);
                    ASSERT_TRUE(files.SyncDirectory(folder).ok());
                  }),
            Contents{"new"});
}

TEST(PowerLossDiskTest, MayLoseTheNameOfASyncedFile) {
  EXPECT_EQ(Found("a", [](FileSystem& files,
                          const std::string& folder) { Put(files, folder + "/a", "new", true); }),
            (Contents{"-", "new"}));
}

TEST(PowerLossDiskTest, MayLoseBytesThatWereNotSynced) {
  const auto found = Found("a", [](FileSystem& files, const std::string& folder) {
    Put(files, folder + "/a", "old", true);
    ASSERT_TRUE(files.SyncDirectory(folder).ok());
    Put(files, folder + "/a", "new", false);
  });
  EXPECT_EQ(found, (Contents{"new", "old"}));
}

TEST(PowerLossDiskTest, TearsALongWrite) {
  const auto found = Found("a", [](FileSystem& files, const std::string& folder) {
    Put(files, folder + "/a", std::string(1024, 'o'), true);
    ASSERT_TRUE(files.SyncDirectory(folder).ok());
    Put(files, folder + "/a", std::string(1024, 'n'), false);
  });
  EXPECT_EQ(found, (Contents{std::string(1024, 'o'), std::string(1024, 'n'),
                             std::string(512, 'o') + std::string(512, 'n'),
                             std::string(512, 'n') + std::string(512, 'o')}));
}

TEST(PowerLossDiskTest, ARenameIsWholeOrNotThere) {
  const auto play = [](FileSystem& files, const std::string& folder) {
    Put(files, folder + "/a", "old", true);
    Put(files, folder + "/b", "new", true);
    ASSERT_TRUE(files.SyncDirectory(folder).ok());
    ASSERT_TRUE(files.Rename(folder + "/b", folder + "/a").ok());
  };
  EXPECT_EQ(Found("a", play), (Contents{"new", "old"}));
  EXPECT_EQ(Found("b", play), (Contents{"-", "new"}));
}

TEST(PowerLossDiskTest, ALinkSharesTheFileAndOutlivesItsFirstName) {
  const auto play = [](FileSystem& files, const std::string& folder) {
    Put(files, folder + "/a", "old", true);
    ASSERT_TRUE(files.Link(folder + "/a", folder + "/b").ok());
    ASSERT_TRUE(files.Remove(folder + "/a").ok());
    ASSERT_TRUE(files.SyncDirectory(folder).ok());
    Put(files, folder + "/b", "new", true);
  };
  EXPECT_EQ(Found("a", play), Contents{"-"});
  EXPECT_EQ(Found("b", play), Contents{"new"});
}

TEST(PowerLossDiskTest, AFolderThatIsLostTakesItsFilesAlong) {
  EXPECT_EQ(Found("sub/a",
                  [](FileSystem& files, const std::string& folder) {
                    ASSERT_TRUE(files.CreateDirectory(folder + "/sub").ok());
                    Put(files, folder + "/sub/a", "new", true);
                    ASSERT_TRUE(files.SyncDirectory(folder + "/sub").ok());
                  }),
            (Contents{"-", "new"}));
}

TEST(PowerLossDiskTest, WhatWasThereFromTheBeginningIsDurable) {
  const TempDirectory outer;
  const std::string folder = outer.File("disk");
  std::filesystem::create_directory(folder);
  Put(PosixFileSystem(), folder + "/a", "there", false);
  PowerLossDisk(folder).LosePower(1);
  EXPECT_EQ(ReadFile(folder + "/a").value(), "there");
}

}  // namespace
}  // namespace fedge::testing
