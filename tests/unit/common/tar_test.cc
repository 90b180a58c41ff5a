#include "fedge/common/tar.h"

#include <cstring>

#include <gtest/gtest.h>

namespace fedge::tar {
namespace {

constexpr TimePoint kNow{Duration(1'700'000'000'000)};

TEST(TarTest, AHeaderIsReadAsItWasWritten) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{513}, (std::uint64_t{1} << 33) - 1, std::uint64_t{1} << 33,
        std::uint64_t{1} << 60}) {
    const Result<Block> block = Header({"models/a.pt", size}, kNow);
    ASSERT_TRUE(block.ok());
    const auto entry = ParseHeader(*block);
    ASSERT_TRUE(entry.ok()) << entry.status().message();
    ASSERT_TRUE(entry->has_value());
    EXPECT_EQ((*entry)->name, "models/a.pt");
    EXPECT_EQ((*entry)->size, size);
  }
}

TEST(TarTest, NoFlippedBitOfAHeaderChangesWhatItSays) {
  const Block block = *Header({"coordinator.db", 4096}, kNow);
  int refused = 0;
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    Block damaged = block;
    damaged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    const auto entry = ParseHeader(damaged);
    if (!entry.ok()) {
      ++refused;
      continue;
    }
    // The checksum itself may be written with blanks around it.
    ASSERT_TRUE(entry->has_value()) << "bit " << bit;
    EXPECT_EQ((*entry)->name, "coordinator.db") << "bit " << bit;
    EXPECT_EQ((*entry)->size, 4096U) << "bit " << bit;
  }
  EXPECT_GT(refused, 512 * 8 - 20);
}

TEST(TarTest, ANameHasItsLimit) {
  EXPECT_TRUE(Header({std::string(100, 'n'), 0}, kNow).ok());
  EXPECT_FALSE(Header({std::string(101, 'n'), 0}, kNow).ok());
  EXPECT_FALSE(Header({"", 0}, kNow).ok());
  EXPECT_EQ((*ParseHeader(*Header({std::string(100, 'n'), 0}, kNow)))->name.size(), 100U);
}

TEST(TarTest, ABlockOfZerosEndsAnArchive) {
  const auto entry = ParseHeader(Block{});
  ASSERT_TRUE(entry.ok());
  EXPECT_FALSE(entry->has_value());
}

TEST(TarTest, PadsToWholeBlocks) {
  EXPECT_EQ(Padding(0), 0U);
  EXPECT_EQ(Padding(1), 511U);
  EXPECT_EQ(Padding(512), 0U);
  EXPECT_EQ(Padding(513), 511U);
}

}  // namespace
}  // namespace fedge::tar
