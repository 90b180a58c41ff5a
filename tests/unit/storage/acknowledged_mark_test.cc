#include "fedge/coordinator/acknowledged_mark.h"

#include <gtest/gtest.h>

#include "fedge/testing/temp_directory.h"

namespace fedge {
namespace {

using testing::TempDirectory;

class AcknowledgedMarkTest : public ::testing::Test {
 protected:
  std::unique_ptr<AcknowledgedMark> Open() {
    return AcknowledgedMark::Open(PosixFileSystem(), path_).value();
  }
  void Overwrite(std::uint64_t offset, std::uint8_t value) {
    const auto file = PosixFileSystem().OpenForWrite(path_).value();
    const std::byte byte{value};
    ASSERT_TRUE(file->WriteAt(offset, {&byte, 1}).ok());
  }

  const TempDirectory folder_;
  const std::string path_ = folder_.File("acknowledged");
};

TEST_F(AcknowledgedMarkTest, IsEmptyAtFirst) { EXPECT_FALSE(Open()->last().has_value()); }

TEST_F(AcknowledgedMarkTest, KeepsWhatWasWrittenLast) {
  for (std::uint64_t commits = 1; commits <= 5; ++commits) {
    const Acknowledged written{.commits = commits, .orders = 7};
    ASSERT_TRUE(Open()->Write(written).ok());
    EXPECT_EQ(Open()->last(), written);
  }
  const Acknowledged fewer{.commits = 2, .orders = 8};
  ASSERT_TRUE(Open()->Write(fewer).ok());
  EXPECT_EQ(Open()->last(), fewer) << "the last one counts, not the largest";
}

TEST_F(AcknowledgedMarkTest, ADamagedSlotLeavesTheOneBefore) {
  {
    const auto mark = Open();
    ASSERT_TRUE(mark->Write({.commits = 1, .orders = 0}).ok());  // in the second slot
    ASSERT_TRUE(mark->Write({.commits = 2, .orders = 0}).ok());  // in the first
  }
  Overwrite(17, 0xff);
  EXPECT_EQ(Open()->last()->commits, 1U);
  Overwrite(512 + 17, 0xff);
  EXPECT_FALSE(Open()->last().has_value()) << "damaged as a whole";
}

}  // namespace
}  // namespace fedge
