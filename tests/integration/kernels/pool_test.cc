#include <limits>

#include <gtest/gtest.h>

#include "kernel_case.h"

namespace fedge::testing {
namespace {

using Ints = std::vector<std::int64_t>;

struct PoolCase {
  op::Pool op;
  Dims input;
};

class PoolTest : public ::testing::TestWithParam<PoolCase> {};

KernelCase MakeCase(const PoolCase& pool) {
  const auto& [op, input] = pool;
  const bool flat = input.size() == 3;
  const auto spatial = [&](const op::Pair& pair) {
    return flat ? Ints{pair[1]} : Ints{pair[0], pair[1]};
  };
  KernelCase test{op,
                  {RandomTensor(input)},
                  "",
                  {Input{0}, spatial(op.kernel), spatial(op.stride), spatial(op.pad)}};
  test.batched = {0};
  if (op.average) {
    test.aten = flat ? "aten::avg_pool1d" : "aten::avg_pool2d";
    test.arguments.insert(test.arguments.end(), {op.ceil_mode, op.count_include_pad});
    if (!flat) {
      test.arguments.push_back(op.divisor_override == 0 ? CaseArgument(None{})
                                                        : CaseArgument(op.divisor_override));
    }
  } else {
    test.aten = flat ? "aten::max_pool1d" : "aten::max_pool2d";
    test.arguments.insert(test.arguments.end(), {spatial(op.dilation), op.ceil_mode});
  }
  return test;
}

TEST_P(PoolTest, MatchesLibTorch) { Check(MakeCase(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    Grid, PoolTest,
    ::testing::Values(
        PoolCase{{.kernel = {2, 2}, .stride = {2, 2}}, {3, 70, 6, 8}},
        PoolCase{{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}}, {2, 3, 11, 10}},
        PoolCase{{.kernel = {3, 2}, .stride = {2, 3}, .pad = {1, 1}, .ceil_mode = true},
                 {2, 5, 10, 9}},
        PoolCase{{.kernel = {2, 3}, .stride = {1, 2}, .pad = {1, 1}, .dilation = {3, 2}},
                 {2, 3, 9, 11}},
        PoolCase{{.kernel = {2, 2}, .stride = {3, 3}, .ceil_mode = true}, {1, 2, 7, 7}},
        PoolCase{{.kernel = {1, 3},
                  .stride = {1, 2},
                  .pad = {0, 1},
                  .dilation = {1, 2},
                  .ceil_mode = true},
                 {2, 3, 12}},
        PoolCase{{.average = true, .kernel = {2, 3}, .stride = {2, 2}, .pad = {1, 1}},
                 {2, 19, 7, 9}},
        PoolCase{
            {.average = true, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}, .ceil_mode = true},
            {2, 3, 8, 10}},
        PoolCase{{.average = true,
                  .kernel = {3, 3},
                  .stride = {2, 2},
                  .pad = {1, 1},
                  .ceil_mode = true,
                  .count_include_pad = false},
                 {2, 3, 8, 10}},
        PoolCase{{.average = true, .kernel = {2, 2}, .stride = {1, 1}, .divisor_override = 3},
                 {2, 3, 5, 5}},
        PoolCase{
            {.average = true, .kernel = {1, 4}, .stride = {1, 3}, .pad = {0, 2}, .ceil_mode = true},
            {2, 3, 13}}));

TEST(PoolTest, TheLargestOfNaNIsNaN) {
  KernelCase test = MakeCase({{.kernel = {2, 2}, .stride = {1, 1}, .pad = {1, 1}}, {1, 2, 4, 4}});
  test.inputs[0]->values[5] = std::numeric_limits<double>::quiet_NaN();
  test.inputs[0]->values[20] = -std::numeric_limits<double>::infinity();
  Check(test);
}

TEST(PoolTest, TheLargestOfIntegers) {
  KernelCase test = MakeCase({{.kernel = {2, 2}, .stride = {2, 2}}, {2, 3, 6, 6}});
  test.inputs[0] = RandomTensor({2, 3, 6, 6}, DType::kInt32);
  Check(test);
}

TEST(AdaptivePoolTest, WindowsThatOverlap) {
  for (const op::Pair size : {op::Pair{1, 1}, op::Pair{3, 4}, op::Pair{5, 7}, op::Pair{9, 2}}) {
    for (const bool average : {true, false}) {
      KernelCase test{op::AdaptivePool{average},
                      {RandomTensor({3, 5, 7, 9})},
                      average ? "aten::adaptive_avg_pool2d" : "aten::adaptive_max_pool2d",
                      {Input{0}, Ints{size[0], size[1]}}};
      test.batched = {0};
      if (!average) test.output_dims = {{3, 5, size[0], size[1]}};
      Check(test);
    }
  }
  Check({op::AdaptivePool{},
         {RandomTensor({2, 3, 10})},
         "aten::adaptive_avg_pool1d",
         {Input{0}, Ints{4}}});
}

struct ResizeCase {
  op::Resize op;
  Dims input;
  op::Pair size;
};

class ResizeTest : public ::testing::TestWithParam<ResizeCase> {};

TEST_P(ResizeTest, MatchesLibTorch) {
  const auto& [op, input, size] = GetParam();
  const bool flat = input.size() == 3;
  const bool nearest = op.mode == op::Resize::Mode::kNearest;
  const auto scale = [](double value) {
    return value == 0 ? CaseArgument(None{}) : CaseArgument(value);
  };
  KernelCase test{
      op, {RandomTensor(input)}, "", {Input{0}, flat ? Ints{size[1]} : Ints{size[0], size[1]}}};
  if (!nearest) test.arguments.emplace_back(op.align_corners);
  if (!flat) test.arguments.push_back(scale(op.scale_height));
  test.arguments.push_back(scale(op.scale_width));
  test.aten = fmt::format("aten::upsample_{}", nearest ? (flat ? "nearest1d" : "nearest2d")
                                                       : (flat ? "linear1d" : "bilinear2d"));
  test.batched = {0};
  Check(test);
}

constexpr auto kNearest = op::Resize::Mode::kNearest;
constexpr auto kLinear = op::Resize::Mode::kLinear;
INSTANTIATE_TEST_SUITE_P(
    Grid, ResizeTest,
    ::testing::Values(ResizeCase{{kNearest}, {2, 3, 4, 5}, {8, 10}},
                      ResizeCase{{kNearest}, {2, 3, 7, 5}, {10, 3}},
                      ResizeCase{{kNearest, false, 2.3, 1.7}, {2, 3, 7, 5}, {16, 8}},
                      ResizeCase{{kNearest}, {2, 3, 9}, {1, 14}},
                      ResizeCase{{kLinear}, {2, 70, 4, 5}, {8, 10}},
                      ResizeCase{{kLinear}, {2, 3, 9, 8}, {5, 13}},
                      ResizeCase{{kLinear, true}, {2, 3, 4, 5}, {9, 11}},
                      ResizeCase{{kLinear, true}, {2, 3, 4, 5}, {1, 1}},
                      ResizeCase{{kLinear, false, 2.3, 1.7}, {2, 3, 7, 5}, {16, 8}},
                      ResizeCase{{kLinear}, {2, 3, 9}, {1, 14}}));

}  // namespace
}  // namespace fedge::testing
