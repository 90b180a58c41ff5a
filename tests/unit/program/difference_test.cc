// How far an answer is from what is expected.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/program/samples.h"

namespace fedge {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

SampleTensor Of(const std::vector<float>& numbers) {
  SampleTensor tensor{.name = "y",
                      .dtype = DType::kFloat32,
                      .shape = {static_cast<std::int64_t>(numbers.size())},
                      .data = std::string(numbers.size() * sizeof(float), '\0')};
  std::memcpy(tensor.data.data(), numbers.data(), tensor.data.size());
  return tensor;
}

TEST(LargestDifferenceTest, IsRelativeToTheLargestExpected) {
  EXPECT_DOUBLE_EQ(LargestDifference(Of({1, -4, 2}), Of({1, -4, 1})), 0.25);
  EXPECT_DOUBLE_EQ(LargestDifference(Of({0, 0}), Of({0, 0.5})), 0.5);
}

// Such a place once hid every other difference: x / infinity is 0.
TEST(LargestDifferenceTest, InfinitiesHideNothing) {
  EXPECT_DOUBLE_EQ(LargestDifference(Of({-kInfinity, 4, 2}), Of({-kInfinity, 4, 1})), 0.25);
  EXPECT_EQ(LargestDifference(Of({-kInfinity, kNan, 2}), Of({-kInfinity, kNan, 2})), 0);
}

TEST(LargestDifferenceTest, WhatIsNotFiniteMustBeTheSame) {
  EXPECT_TRUE(std::isinf(LargestDifference(Of({kInfinity, 1}), Of({3, 1}))));
  EXPECT_TRUE(std::isinf(LargestDifference(Of({kInfinity, 1}), Of({-kInfinity, 1}))));
  EXPECT_TRUE(std::isinf(LargestDifference(Of({kNan, 1}), Of({3, 1}))));
  EXPECT_TRUE(std::isinf(LargestDifference(Of({3, 1}), Of({kNan, 1}))));
}

TEST(LargestDifferenceTest, AnotherTypeOrShapeIsAnotherAnswer) {
  SampleTensor integers = Of({1, 2});
  integers.dtype = DType::kInt32;
  EXPECT_TRUE(std::isinf(LargestDifference(Of({1, 2}), integers)));
  EXPECT_TRUE(std::isinf(LargestDifference(Of({1, 2}), Of({1, 2, 3}))));
}

}  // namespace
}  // namespace fedge
