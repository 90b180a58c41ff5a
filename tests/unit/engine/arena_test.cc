#include "fedge/engine/arena.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/engine/aligned_buffer.h"

namespace fedge::internal {
namespace {

bool LiveTogether(const Lifetime& a, const Lifetime& b) {
  return a.bytes > 0 && b.bytes > 0 && a.first <= b.last && b.first <= a.last;
}

TEST(ArenaTest, WhatLivesTogetherNeverOverlaps) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<Lifetime> lifetimes(random() % 60);
    for (Lifetime& lifetime : lifetimes) {
      lifetime.bytes = random() % 5 == 0 ? 0 : random() % 1000;
      lifetime.first = random() % 30;
      lifetime.last = lifetime.first + random() % 6;
    }
    const std::size_t peak = PlanArena(lifetimes);
    std::size_t end = 0;
    for (const Lifetime& a : lifetimes) {
      ASSERT_EQ(a.offset % kAlignment, 0u);
      if (a.bytes > 0) end = std::max(end, a.offset + a.bytes);
      for (const Lifetime& b : lifetimes) {
        if (&a == &b || !LiveTogether(a, b)) continue;
        ASSERT_TRUE(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
      }
    }
    EXPECT_EQ(peak, end);
  }
}

TEST(ArenaTest, WhatIsOverMakesRoom) {
  // A chain: each is read by the next step only.
  std::vector<Lifetime> chain;
  for (std::size_t i = 0; i < 10; ++i) chain.push_back({64, i, i + 1});
  EXPECT_EQ(PlanArena(chain), 128u);
}

}  // namespace
}  // namespace fedge::internal
