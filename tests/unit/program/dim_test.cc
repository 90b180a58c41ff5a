#include "fedge/program/dim.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace fedge {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

TEST(DimTest, IsWrittenAsItGrows) {
  EXPECT_EQ(ToString(Dim(3)), "3");
  EXPECT_EQ(ToString(Dim(0, 1)), "N");
  EXPECT_EQ(ToString(Dim(0, 8)), "8N");
  EXPECT_EQ(ToString(Dim(1, 1)), "N+1");
  EXPECT_EQ(ToString(Dim(-2, -1)), "-N-2");
  EXPECT_EQ(ToString(Shape{Dim(0, 1), 3, 224}), "[N, 3, 224]");
  EXPECT_EQ(ToString(Shape{}), "[]");
}

TEST(DimTest, ComputesOverEveryBatch) {
  EXPECT_EQ(Add(Dim(1, 2), Dim(3, 4)), Dim(4, 6));
  EXPECT_EQ(Subtract(Dim(1, 2), Dim(3, 2)), Dim(-2));
  EXPECT_EQ(Multiply(Dim(1, 2), 3), Dim(3, 6));
  EXPECT_EQ(Multiply(3, Dim(1, 2)), Dim(3, 6));
  EXPECT_EQ(Multiply(Dim(0, 1), Dim(0, 1)), std::nullopt);
  EXPECT_EQ(At({Dim(1, 2), 5}, 3), (Dims{7, 5}));
}

TEST(DimTest, DividesOnlyWhatHasAQuotient) {
  EXPECT_EQ(DivideExactly(Dim(4, 8), 4), Dim(1, 2));
  EXPECT_EQ(DivideExactly(Dim(4, 8), Dim(1, 2)), Dim(4));
  EXPECT_EQ(DivideExactly(Dim(4, 8), Dim(2, 2)), std::nullopt);
  EXPECT_EQ(DivideExactly(7, 2), std::nullopt);
  EXPECT_EQ(DivideExactly(0, Dim(0, 3)), Dim(0));
  EXPECT_EQ(DivideExactly(7, 0), std::nullopt);
  EXPECT_EQ(DivideRoundingDown(Dim(7, 4), 2), Dim(3, 2));
  EXPECT_EQ(DivideRoundingDown(Dim(-7), 2), Dim(-4));
  EXPECT_EQ(DivideRoundingDown(Dim(0, 3), 2), std::nullopt);
}

TEST(DimTest, OverflowIsNoAnswer) {
  EXPECT_EQ(Add(kLargest, 1), std::nullopt);
  EXPECT_EQ(Subtract(kLeast, 1), std::nullopt);
  EXPECT_EQ(Multiply(kLargest, 2), std::nullopt);
  EXPECT_EQ(DivideExactly(kLeast, -1), std::nullopt);
  EXPECT_EQ(NumElements({kLargest, 2}), std::nullopt);
}

TEST(DimTest, CountsElements) {
  EXPECT_EQ(NumElements({}), Dim(1));
  EXPECT_EQ(NumElements({Dim(0, 2), 3, 4}), Dim(0, 24));
  EXPECT_EQ(NumElements({Dim(0, 1), Dim(0, 1), 0}), Dim(0));
  EXPECT_EQ(NumElements({Dim(0, 1), Dim(0, 1)}), std::nullopt);
}

}  // namespace
}  // namespace fedge
