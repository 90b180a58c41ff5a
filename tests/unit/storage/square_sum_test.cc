#include "fedge/coordinator/square_sum.h"

#include <gtest/gtest.h>

#include "elements.h"
#include "fedge/common/hash.h"
#include "fedge/common/random.h"

namespace fedge {

void PrintTo(DType dtype, std::ostream* out) { *out << DTypeName(dtype); }

namespace {

using testing::RandomElements;

class SquareSumTest : public ::testing::TestWithParam<DType> {};

double Whole(DType dtype, const std::string& bytes) {
  SquareSum sum;
  sum.Add(dtype, 0, AsBytes(bytes));
  return sum.Total();
}

TEST_P(SquareSumTest, IsTheSameHoweverTheElementsAreCut) {
  const std::size_t width = DTypeSize(GetParam());
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    const std::size_t count = 1 + random.Below(100);
    const std::string bytes = RandomElements(GetParam(), count, random);
    SquareSum cut;
    for (std::size_t begin = 0; begin < count;) {
      const std::size_t size = 1 + random.Below(count - begin);
      cut.Add(GetParam(), begin, AsBytes(bytes).subspan(begin * width, size * width));
      begin += size;
    }
    EXPECT_EQ(cut.Total(), Whole(GetParam(), bytes)) << count << " elements";
  }
}

TEST_P(SquareSumTest, AddsSquares) {
  EXPECT_EQ(Whole(GetParam(), testing::Elements(GetParam(), {3, -4, 0, 12, 1, 1, 1, 1, 1, 2})),
            9 + 16 + 144 + 5 + 4);
}

INSTANTIATE_TEST_SUITE_P(All, SquareSumTest,
                         ::testing::Values(DType::kFloat64, DType::kFloat32, DType::kFloat16,
                                           DType::kBFloat16),
                         [](const auto& test) { return std::string(DTypeName(test.param)); });

}  // namespace
}  // namespace fedge
