// Changes of layers in float: batch norm, equalisation, absorption, bias correction.
#include "fedge/quantize/layer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/random.h"
#include "fedge/quantize/bias_correction.h"
#include "fedge/quantize/equalization.h"

namespace fedge::quantize {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::FloatNear;

// A layer and what it borrows; one position.
struct OwnedLayer {
  std::vector<float> weights;
  std::vector<float> bias;
  Layer layer;

  OwnedLayer(std::size_t num_outputs, std::size_t num_inputs, Random& random)
      : weights(num_outputs * num_inputs), bias(num_outputs) {
    for (float& weight : weights) weight = static_cast<float>(2 * random.Uniform() - 1);
    for (float& b : bias) b = static_cast<float>(random.Uniform());
    layer = {weights, bias, num_outputs, num_inputs, 1};
  }

  std::vector<double> Apply(const std::vector<double>& x) const {
    std::vector<double> y(bias.begin(), bias.end());
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t i = 0; i < layer.num_inputs; ++i) {
        const bool depthwise = layer.num_inputs == 1;
        y[o] += layer.Weight(o, i, 0) * x[depthwise ? o : i];
      }
    }
    return y;
  }
};

std::vector<double> Relu(std::vector<double> x) {
  for (double& value : x) value = std::max(value, 0.0);
  return x;
}

std::vector<float> Ramp(float first, float step, std::size_t size) {
  std::vector<float> ramp;
  for (std::size_t i = 0; i < size; ++i) ramp.push_back(first + step * static_cast<float>(i));
  return ramp;
}

TEST(FoldBatchNormTest, HoldsTheReference) {
  std::vector<float> weights = {1, -2, .5F};
  std::vector<float> bias = {.1F};
  const std::vector<float> gamma = {2};
  const std::vector<float> beta = {.3F};
  const std::vector<float> mean = {.5F};
  const std::vector<float> variance = {4};
  const Layer layer = {weights, bias, 1, 3, 1};
  ASSERT_TRUE(FoldBatchNorm({gamma, beta, mean, variance, 1e-5}, layer).ok());
  EXPECT_THAT(weights, ElementsAre(FloatNear(0.999999F, 1e-6F), FloatNear(-1.999997F, 1e-6F),
                                   FloatNear(0.499999F, 1e-6F)));
  EXPECT_THAT(bias, ElementsAre(FloatNear(-.1F, 1e-6F)));
}

TEST(FoldBatchNormTest, RefusesWhatDoesNotFit) {
  std::vector<float> weights = {1, 2};
  std::vector<float> bias = {0, 0};
  const std::vector<float> ones = {1, 1};
  const std::vector<float> one = {1};
  const std::vector<float> negative = {1, -1};
  EXPECT_FALSE(FoldBatchNorm({ones, ones, ones, one}, {weights, bias, 2, 1, 1}).ok());
  EXPECT_FALSE(FoldBatchNorm({ones, ones, ones, negative}, {weights, bias, 2, 1, 1}).ok());
  EXPECT_FALSE(FoldBatchNorm({ones, ones, ones, ones}, {weights, {}, 2, 1, 1}).ok());
  EXPECT_FALSE(FoldBatchNorm({ones, ones, ones, ones}, {weights, bias, 2, 2, 1}).ok());
  EXPECT_THAT(weights, ElementsAre(1, 2));
}

// AIMET's TestDLEqualization: two layers of (2, 2, 3, 1).
TEST(EqualizePairTest, HoldsTheReference) {
  std::vector<float> w1 = Ramp(1, 1, 12);
  std::vector<float> w2 = Ramp(1, 2, 12);
  std::vector<float> bias = {1, 2};
  const Layer first = {w1, bias, 2, 2, 3};
  const Layer second = {w2, {}, 2, 2, 3};
  EXPECT_THAT(OutputMagnitudes(first), ElementsAre(6, 12));
  EXPECT_THAT(InputMagnitudes(second), ElementsAre(17, 23));
  const auto factors = EqualizePair(first, second);
  ASSERT_TRUE(factors.ok());
  EXPECT_THAT(*factors, ElementsAre(DoubleNear(0.594089, 1e-6), DoubleNear(0.722315, 1e-6)));
  EXPECT_NEAR(w1[0], 1.683251, 1e-5);
  EXPECT_NEAR(bias[0], 1.683251, 1e-5);
  EXPECT_NEAR(w2[0], 0.594089, 1e-6);
}

TEST(EqualizePairTest, RangesBecomeEqual) {
  std::vector<float> w1 = {1, 4};
  std::vector<float> w2 = {4, 1};
  EXPECT_THAT(*EqualizePair({w1, {}, 2, 1, 1}, {w2, {}, 1, 2, 1}), ElementsAre(0.5, 2));
  EXPECT_THAT(w1, ElementsAre(2, 2));
  EXPECT_THAT(w2, ElementsAre(2, 2));
}

TEST(EqualizePairTest, TheNetworkStaysTheSame) {
  Random random(12);
  OwnedLayer first(5, 3, random);
  OwnedLayer second(4, 5, random);
  first.layer.ScaleOutput(2, 0);  // a dead channel is left alone
  const std::vector<double> x = {0.3, -0.7, 1.1};
  const auto before = second.Apply(Relu(first.Apply(x)));
  const auto factors = EqualizePair(first.layer, second.layer);
  ASSERT_TRUE(factors.ok());
  EXPECT_EQ((*factors)[2], 1);
  const auto after = second.Apply(Relu(first.Apply(x)));
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5);
  EXPECT_FALSE(EqualizePair(second.layer, first.layer).ok());
}

TEST(EqualizeTripleTest, RangesBecomeEqualAndTheNetworkStaysTheSame) {
  Random random(13);
  OwnedLayer first(5, 3, random);
  OwnedLayer depthwise(5, 1, random);
  OwnedLayer last(4, 5, random);
  const std::vector<double> x = {0.3, -0.7, 1.1};
  const auto run = [&] { return last.Apply(Relu(depthwise.Apply(Relu(first.Apply(x))))); };
  const auto before = run();
  ASSERT_TRUE(EqualizeTriple(first.layer, depthwise.layer, last.layer).ok());
  const auto after = run();
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5);
  for (std::size_t i = 0; i < 5; ++i) {
    const double range = OutputMagnitudes(first.layer)[i];
    EXPECT_NEAR(OutputMagnitudes(depthwise.layer)[i], range, 1e-6);
    EXPECT_NEAR(InputMagnitudes(last.layer)[i], range, 1e-6);
  }
  EXPECT_FALSE(EqualizeTriple(first.layer, last.layer, last.layer).ok());
}

TEST(AbsorbHighBiasTest, WhatIsAlwaysExceededMoves) {
  Random random(14);
  OwnedLayer first(3, 2, random);
  OwnedLayer second(2, 3, random);
  for (float& bias : first.bias) bias += 10;
  const std::vector<float> gamma = {1, -2, 1};
  const std::vector<float> beta = {4, 5, 9};
  const std::vector<double> x = {0.5, -0.5};
  const std::vector<float> bias = first.bias;
  const auto before = second.Apply(Relu(first.Apply(x)));
  ASSERT_TRUE(AbsorbHighBias(gamma, beta, first.layer, second.layer).ok());
  EXPECT_NEAR(bias[0] - first.bias[0], 1, 1e-5);
  EXPECT_NEAR(bias[1] - first.bias[1], 0, 1e-5);
  EXPECT_NEAR(bias[2] - first.bias[2], 6, 1e-5);
  const auto after = second.Apply(Relu(first.Apply(x)));
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5);
  EXPECT_FALSE(AbsorbHighBias(gamma, {}, first.layer, second.layer).ok());
}

TEST(CorrectBiasTest, ShiftsByTheDifferenceOfTheMeans) {
  const std::vector<double> exact = {1.5, -2, 0.25};
  const std::vector<double> quantized = {1.25, -1, 0.25};
  const std::vector<float> bias = {0.5F, -1, 0};
  const auto correction = CorrectBias(exact, quantized, bias, kFastBiasThreshold);
  ASSERT_TRUE(correction.ok());
  EXPECT_TRUE(correction->applied);
  EXPECT_THAT(correction->shift, ElementsAre(0.25, -1, 0));
  EXPECT_EQ(correction->magnitude, 1);
  EXPECT_THAT(correction->bias, ElementsAre(0.75F, -2, 0));
}

TEST(CorrectBiasTest, LargeShiftsAreTakenForFailures) {
  const std::vector<double> exact = {2, 0};
  const std::vector<double> zeros = {0, 0};
  const std::vector<float> bias = {1, 1};
  EXPECT_FALSE(CorrectBias(exact, zeros, bias, kFastBiasThreshold)->applied);
  EXPECT_THAT(CorrectBias(exact, zeros, bias, kFastBiasThreshold)->bias, ElementsAre(1, 1));
  EXPECT_TRUE(CorrectBias(exact, zeros, bias, kFullBiasThreshold)->applied);
  // Beside a bias of 0, every shift is large.
  const std::vector<float> none = {0, 1};
  EXPECT_FALSE(CorrectBias(exact, zeros, none, kFullBiasThreshold)->applied);
  EXPECT_TRUE(CorrectBias(exact, zeros, none, std::numeric_limits<double>::infinity())->applied);
}

TEST(CorrectBiasTest, RefusesWhatDoesNotFit) {
  const std::vector<double> two = {1, 2};
  const std::vector<double> nan = {1, std::nan("")};
  const std::vector<float> bias = {1, 1};
  EXPECT_FALSE(CorrectBias(two, std::span(two).first(1), bias, 2).ok());
  EXPECT_FALSE(CorrectBias(two, nan, bias, 2).ok());
}

}  // namespace
}  // namespace fedge::quantize
