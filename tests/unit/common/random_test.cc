#include "fedge/common/random.h"

#include <array>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

namespace fedge {
namespace {

TEST(RandomTest, FollowsSplitMix64) {
  // First outputs of SplitMix64 seeded with 1234567, as published with the xoshiro generators.
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317U);
  EXPECT_EQ(random.Next(), 3203168211198807973U);
  EXPECT_EQ(random.Next(), 9817491932198370423U);
}

TEST(RandomTest, BelowStaysBelowAndReachesEveryValue) {
  Random random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Below(7));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(RandomTest, ShuffleIsAPermutationFixedByTheSeed) {
  std::array<int, 100> a{};
  std::iota(a.begin(), a.end(), 0);
  std::array<int, 100> b = a;
  Random(7).Shuffle(std::span<int>(a));
  Random(7).Shuffle(std::span<int>(b));
  EXPECT_EQ(a, b);
  std::array<int, 100> c = b;
  Random(8).Shuffle(std::span<int>(c));
  EXPECT_NE(a, c);
  EXPECT_EQ(std::set<int>(a.begin(), a.end()).size(), 100U);
}

TEST(HashNameTest, TellsNamesApart) {
  EXPECT_NE(HashName("client-1"), HashName("client-2"));
  EXPECT_NE(CombineSeeds(1, 2), CombineSeeds(2, 1));
}

}  // namespace
}  // namespace fedge
