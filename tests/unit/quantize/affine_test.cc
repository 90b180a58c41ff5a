// Scale, zero point and rounding against the tables of ONNX Runtime, PyTorch and LibTorch.
#include "fedge/quantize/affine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/random.h"

namespace fedge::quantize {
namespace {

using ::testing::ElementsAre;

constexpr Scheme kSymmetric = Scheme::kSymmetric;
constexpr Scheme kAsymmetric = Scheme::kAsymmetric;

Affine Of(Range range, IntegerRange integers, Scheme scheme, double min_width = 0) {
  const auto affine =
      ComputeAffine(range, {.integers = integers, .scheme = scheme, .min_width = min_width});
  EXPECT_TRUE(affine.ok()) << affine.status().ToString();
  return affine.ok() ? *affine : Affine();
}

Affine Expected(double scale, std::int32_t zero_point) {
  return {.scale = static_cast<float>(scale), .zero_point = zero_point};
}

TEST(AffineTest, HoldsOnnxRuntimesTable) {
  const double tiny = std::numeric_limits<float>::min();
  EXPECT_EQ(Of({0, 0}, kInt8Narrow, kSymmetric), Expected(1, 0));
  EXPECT_EQ(Of({0, 0}, kUInt8, kSymmetric), Expected(1, 0));
  EXPECT_EQ(Of({-1, 2}, kInt8Narrow, kSymmetric), Expected(2.0 / 127, 0));
  EXPECT_EQ(Of({-1, 2}, kInt8Narrow, kAsymmetric), Expected(3.0 / 254, -42));
  EXPECT_EQ(Of({-1, 2}, kUInt8, kSymmetric), Expected(4.0 / 255, 128));
  EXPECT_EQ(Of({-1, 2}, kUInt8, kAsymmetric), Expected(3.0 / 255, 85));
  EXPECT_EQ(Of({-tiny, tiny}, kUInt8, kSymmetric), Expected(1, 0));
  EXPECT_EQ(Of({0, 0}, kUInt8, kAsymmetric, 1e-4), Expected(1e-4 / 255, 0));
  EXPECT_EQ(Of({0, 0}, kInt8, kSymmetric, 1e-4), Expected(2e-4 / 255, 0));
}

TEST(AffineTest, HoldsPyTorchsTable) {
  const Range range = {1, 8};
  EXPECT_EQ(Of(range, kUInt8, kAsymmetric), Expected(0.031372551, 0));
  EXPECT_EQ(Of(range, kUInt7, kAsymmetric), Expected(0.062992126, 0));
  EXPECT_EQ(Of(range, kInt8, kAsymmetric), Expected(0.031372551, -128));
  EXPECT_EQ(Of(range, kInt7, kAsymmetric), Expected(0.062992126, -64));
  EXPECT_EQ(Of(range, kInt8, kSymmetric), Expected(0.062745102, 0));
  EXPECT_EQ(Of(range, kInt7, kSymmetric), Expected(0.125984251, 0));
  EXPECT_EQ(Of(range, kUInt8, kSymmetric), Expected(0.062745102, 128));
  EXPECT_EQ(Of({-1, 2}, kUInt8, kAsymmetric), Expected(0.0117647061, 85));
}

struct ChannelCase {
  Range range;
  double symmetric_scale;
  double affine_scale;
  std::int32_t quint8_zero;
  std::int32_t qint8_zero;
};

// The channels of PyTorch's tensor along its axes 0 to 3.
TEST(AffineTest, HoldsPyTorchsTablePerChannel) {
  const std::array<ChannelCase, 8> cases = {{
      {{1, 6}, 0.04705882, 0.02352941, 0, -128},
      {{-4, 8}, 0.06274509, 0.04705882, 85, -43},
      {{-4, 5}, 0.03921569, 0.03529412, 113, -15},
      {{3, 8}, 0.0627451, 0.03137255, 0, -128},
      {{-4, 6}, 0.04705882, 0.03921569, 102, -26},
      {{2, 8}, 0.0627451, 0.03137255, 0, -128},
      {{-4, 7}, 0.05490196, 0.04313726, 93, -35},
      {{-3, 8}, 0.0627451, 0.04313726, 70, -58},
  }};
  for (const ChannelCase& c : cases) {
    EXPECT_NEAR(Of(c.range, kInt8, kSymmetric).scale, c.symmetric_scale, 2e-8);
    EXPECT_NEAR(Of(c.range, kUInt8, kAsymmetric).scale, c.affine_scale, 2e-8);
    EXPECT_EQ(Of(c.range, kUInt8, kAsymmetric).zero_point, c.quint8_zero);
    EXPECT_EQ(Of(c.range, kInt8, kAsymmetric).zero_point, c.qint8_zero);
  }
}

// NNCF's fq_params.json, symmetric weights of [0, 0.997209906578064] with max|w| / 127.
TEST(AffineTest, RepresentsTheRangesOfNncf) {
  const Affine affine = Of({0, 0.997209906578064}, kInt8Narrow, kSymmetric);
  EXPECT_NEAR(RepresentableRange(affine, kInt8Narrow).min, -0.9972099, 2e-7);
  EXPECT_NEAR(RepresentableRange(affine, kInt8Narrow).max, 0.9972099, 2e-7);
  EXPECT_NEAR(RepresentableRange(affine, kInt8).min, -1.0050620, 2e-7);
  EXPECT_NEAR(RepresentableRange(affine, kInt8).max, 0.9972099, 2e-7);
}

TEST(AffineTest, RefusesWhatIsNoRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Range range : {Range{nan, 1}, Range{0, nan}, Range{0, infinity}, Range{2, 1}}) {
    EXPECT_EQ(ComputeAffine(range).status().code(), StatusCode::kInvalidArgument);
  }
  for (const IntegerRange integers : {IntegerRange{1, 255}, IntegerRange{-9, -1}, IntegerRange{}}) {
    EXPECT_EQ(ComputeAffine({0, 1}, {.integers = integers}).status().code(),
              StatusCode::kInvalidArgument);
  }
}

template <typename Integer>
std::vector<int> Quantized(const std::vector<float>& values, const Affine& affine) {
  std::vector<Integer> integers(values.size());
  Quantize(values, affine, integers);
  return {integers.begin(), integers.end()};
}

TEST(QuantizeTest, RoundsAsLibTorch) {
  EXPECT_THAT(Quantized<std::uint8_t>({0.5F, 1.5F, 2.5F, 3.5F, -0.5F}, {1, 0}),
              ElementsAre(0, 2, 2, 4, 0));
  EXPECT_THAT(Quantized<std::int8_t>({-0.5F, -1.5F, -2.5F, 127.5F, -128.5F, 300}, {1, 0}),
              ElementsAre(0, -2, -2, 127, -128, 127));
  EXPECT_THAT(Quantized<std::uint8_t>({-1.04F, -.05F, 0, .05F, .15F, .25F, 24.5F, 30}, {0.1F, 10}),
              ElementsAre(0, 10, 10, 10, 12, 12, 255, 255));
  EXPECT_THAT(Quantized<std::uint8_t>({.2F, -.4F, 1, 1.5F, 0, -1}, {0.02F, 60}),
              ElementsAre(70, 40, 110, 135, 60, 10));
}

TEST(QuantizeTest, InfinityIsClampedAndNanIsZero) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(Quantized<std::uint8_t>({infinity, -infinity, std::nanf("")}, {0.1F, 10}),
              ElementsAre(255, 0, 10));
}

TEST(QuantizeTest, TheErrorInsideTheRangeIsAtMostHalfAStep) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const double size = std::exp2(60 * random.Uniform() - 30);
    const Range range = {-size * random.Uniform(), size * random.Uniform()};
    const IntegerRange integers = i % 2 == 0 ? kUInt8 : kInt8;
    const Affine affine = Of(range, integers, kAsymmetric);
    const auto value = static_cast<float>(range.min + (range.max - range.min) * random.Uniform());
    const Range inside = RepresentableRange(affine, integers);
    if (value < inside.min || value > inside.max) continue;
    const float back = Dequantize(Quantize(value, affine, integers), affine);
    EXPECT_LE(std::abs(back - value), affine.scale * 0.50005F) << value;
    EXPECT_EQ(Dequantize(Quantize(0, affine, integers), affine), 0);
  }
}

TEST(QuantizeTest, IntegersSurviveTheWayThere) {
  const Affine affine = {.scale = 0.037F, .zero_point = 99};
  std::array<std::uint8_t, 256> all = {};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  std::array<float, 256> real = {};
  Dequantize(all, affine, real);
  std::array<std::uint8_t, 256> back = {};
  Quantize(real, affine, back);
  EXPECT_EQ(back, all);
}

// LibTorch's quantized add: the arithmetic that integers and scales imply.
TEST(QuantizeTest, AddsAsLibTorch) {
  const std::array<std::uint8_t, 4> a = {40, 60, 20, 100};
  const std::array<std::uint8_t, 4> c = {125, 0, 115, 200};
  std::array<float, 4> left = {};
  std::array<float, 4> right = {};
  Dequantize(a, {0.05F, 40}, left);
  Dequantize(c, {0.02F, 100}, right);
  std::vector<float> sums;
  for (std::size_t i = 0; i < left.size(); ++i) sums.push_back(left[i] + right[i]);
  EXPECT_THAT(Quantized<std::uint8_t>(sums, {0.04F, 50}), ElementsAre(62, 25, 32, 175));
  for (float& sum : sums) sum = std::max(sum, 0.0F);
  EXPECT_THAT(Quantized<std::uint8_t>(sums, {0.04F, 50}), ElementsAre(62, 50, 50, 175));
}

}  // namespace
}  // namespace fedge::quantize
