#include "fedge/quantize/weight_scale.h"

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
#include "fedge/quantize/affine.h"

namespace fedge::quantize {
namespace {

using ::testing::ElementsAre;

std::vector<float> Scales(const std::vector<float>& weights, std::size_t num_channels,
                          const WeightScaleOptions& options = {}) {
  const auto scales = WeightScales(weights, num_channels, options);
  EXPECT_TRUE(scales.ok()) << scales.status().ToString();
  return scales.ok() ? *scales : std::vector<float>();
}

// LibTorch's quantized linear layer: its weights, bias and outputs.
TEST(WeightScaleTest, GivesLibTorchsLinearLayer) {
  const std::vector<float> weights = {.5F, -1, .25F, 2, .1F, -.3F};
  const std::vector<float> scales = Scales(weights, 2);
  EXPECT_THAT(scales, ElementsAre(1.0F / 127, 2.0F / 127));
  std::vector<std::int8_t> w(weights.size());
  QuantizeWeights(weights, scales, w);
  EXPECT_THAT(w, ElementsAre(64, -127, 32, 127, 6, -19));

  const std::array<std::array<int, 3>, 2> x = {{{70, 40, 110}, {135, 60, 10}}};
  const std::array<float, 2> bias = {.1F, -.2F};
  std::vector<int> outputs;
  for (const auto& row : x) {
    for (std::size_t o = 0; o < 2; ++o) {
      std::int32_t sum = QuantizeBias(bias[o], 0.02F, scales[o]);
      for (std::size_t i = 0; i < 3; ++i) sum += (row[i] - 60) * w[o * 3 + i];
      const float real = static_cast<float>(sum) * (0.02F * scales[o]);
      outputs.push_back(Quantize(real, {.scale = 0.05F, .zero_point = 30}, kUInt8));
    }
  }
  EXPECT_THAT(outputs, ElementsAre(47, 27, 42, 92));
}

TEST(WeightScaleTest, TheLargestWeightIsNeverClipped) {
  Random random(2);
  for (int i = 0; i < 1000; ++i) {
    const auto largest = static_cast<float>(std::exp2(80 * random.Uniform() - 40));
    const std::vector<float> weights = {largest, -largest, largest / 2};
    std::vector<std::int8_t> w(weights.size());
    QuantizeWeights(weights, Scales(weights, 1), w);
    EXPECT_EQ(w[0], 127);
    EXPECT_EQ(w[1], -127);
  }
}

TEST(WeightScaleTest, DeadChannelsGetTheFloorOfTheirLayer) {
  const float denormal = std::numeric_limits<float>::denorm_min();
  const std::vector<float> weights = {127, -1, 0, 0, denormal, 0, 3, 3};
  EXPECT_THAT(Scales(weights, 4, {.relative_floor = 0.01}),
              ElementsAre(1, 0.01F, 0.01F, static_cast<float>(3.0 / 127)));
  EXPECT_THAT(Scales({0, 0}, 2), ElementsAre(1, 1));
  EXPECT_THAT(Scales({denormal, 0}, 2), ElementsAre(1, 1));
  EXPECT_THAT(Scales({0, 0}, 2, {.absolute_floor = 8e-5}),
              ElementsAre(static_cast<float>(8e-5 / 127), static_cast<float>(8e-5 / 127)));
}

// NNCF's half range: a range of 256 levels from -2.0340540 to 2.0022719 is max|w| / 63.
TEST(WeightScaleTest, SevenBitsAreTheHalfRangeOfNncf) {
  const float scale = Scales({0, 0.997209906578064F}, 1, {.max_magnitude = 63})[0];
  EXPECT_NEAR(scale, (2.0022719 + 2.0340540) / 255, 1e-8);
}

TEST(WeightScaleTest, RefusesWhatIsNoLayer) {
  const std::vector<float> weights = {1, std::nanf(""), 2};
  EXPECT_EQ(WeightScales(weights, 2).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(WeightScales(weights, 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(WeightScales(weights, 3).status().code(), StatusCode::kInvalidArgument);
}

// ONNX Runtime's test of int32 biases: weights of 1e-7, biases of 5 and -4.5, input scale 0.05.
TEST(BiasTest, TheScaleRisesWhereTheBiasWouldOverflow) {
  const float input_scale = 0.05F;
  for (const float bias : {5.0F, -4.5F}) {
    const std::vector<float> weights = {1e-7F, -1e-7F};
    const float naive = Scales(weights, 1)[0];
    EXPECT_GT(std::abs(bias) / (static_cast<double>(input_scale) * naive), kMaxBias);
    const float raised = RaiseForBias(naive, input_scale, bias);
    const std::int32_t quantized = QuantizeBias(bias, input_scale, raised);
    EXPECT_NEAR(quantized * static_cast<double>(input_scale) * raised, bias, 1e-6);

    // No smaller scale would do.
    const auto steps = [&](float scale) {
      return std::abs(static_cast<double>(bias)) / (static_cast<double>(input_scale) * scale);
    };
    EXPECT_LE(std::nearbyint(steps(raised)), kMaxBias);
    EXPECT_GT(std::nearbyint(steps(std::nextafter(raised, 0.0F))), kMaxBias);

    // The layer still computes what it did: x = 1, 0.5, quantised to 20 and 10.
    std::vector<std::int8_t> w(2);
    QuantizeWeights(weights, std::array{raised}, w);
    const double sum = 20.0 * w[0] + 10.0 * w[1] + quantized;
    EXPECT_NEAR(sum * input_scale * raised, bias + 1e-7 - 0.5e-7, 1e-6);
  }
}

TEST(BiasTest, AScaleThatIsLargeEnoughStays) {
  EXPECT_EQ(RaiseForBias(0.01F, 0.05F, 5), 0.01F);
  EXPECT_EQ(QuantizeBias(5, 0.05F, 0.01F), 10000);
  EXPECT_EQ(QuantizeBias(-1e30F, 0.05F, 0.01F), -2147483647);
}

}  // namespace
}  // namespace fedge::quantize
