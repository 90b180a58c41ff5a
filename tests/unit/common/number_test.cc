#include "fedge/tensor/number.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <gtest/gtest.h>

namespace fedge {
namespace {

double StoredAndLoaded(DType dtype, double number) {
  std::array<std::byte, 9> bytes = {};
  StoreNumber(dtype, number, &bytes[1]);  // an element may lie anywhere
  return LoadNumber(dtype, &bytes[1]);
}

TEST(NumberTest, SmallIntegersSurviveInEveryType) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(StoredAndLoaded(dtype, 1), 1) << DTypeName(dtype);
    EXPECT_EQ(StoredAndLoaded(dtype, 0), 0) << DTypeName(dtype);
    if (dtype != DType::kUInt8 && dtype != DType::kBool) {
      EXPECT_EQ(StoredAndLoaded(dtype, -100), -100) << DTypeName(dtype);
    }
  }
  EXPECT_EQ(StoredAndLoaded(DType::kUInt8, 255), 255);
  EXPECT_EQ(StoredAndLoaded(DType::kBool, 0.25), 1);
}

TEST(NumberTest, FloatingPointIsRoundedToItsType) {
  EXPECT_EQ(StoredAndLoaded(DType::kFloat64, 0.1), 0.1);
  EXPECT_EQ(StoredAndLoaded(DType::kFloat32, 0.1), static_cast<double>(0.1F));
  EXPECT_EQ(StoredAndLoaded(DType::kFloat16, 1 + 1.0 / 4096), 1);
  EXPECT_EQ(StoredAndLoaded(DType::kBFloat16, 1 + 1.0 / 512), 1);
  EXPECT_EQ(StoredAndLoaded(DType::kFloat16, 1e6), std::numeric_limits<double>::infinity());
}

TEST(NumberTest, IsFoundByItsIndex) {
  const std::array<std::int16_t, 3> numbers = {7, -8, 9};
  EXPECT_EQ(NumberAt(DType::kInt16, std::as_bytes(std::span(numbers)), 1), -8);
}

}  // namespace
}  // namespace fedge
