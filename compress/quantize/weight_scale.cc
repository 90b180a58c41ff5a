#include "fedge/quantize/weight_scale.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fedge/common/check.h"
#include "fedge/common/result.h"
#include "fedge/common/status.h"
#include "fedge/quantize/affine.h"

namespace fedge::quantize {
namespace {

// The magnitude in the units of the accumulator.
double BiasSteps(float bias, float input_scale, float weight_scale) {
  const double step = static_cast<double>(input_scale) * static_cast<double>(weight_scale);
  return std::abs(std::nearbyint(static_cast<double>(bias) / step));
}

}  // namespace

Result<std::vector<float>> WeightScales(std::span<const float> weights, std::size_t num_channels,
                                        const WeightScaleOptions& options) {
  if (num_channels == 0 || weights.size() % num_channels != 0) {
    return InvalidArgument("{} weights cannot be shared out among {} channels", weights.size(),
                           num_channels);
  }
  const std::size_t size = weights.size() / num_channels;
  std::vector<double> largest(num_channels);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!std::isfinite(weights[i])) return InvalidArgument("weight {} is {}", i, weights[i]);
    double& channel = largest[i / size];
    channel = std::max(channel, std::abs(static_cast<double>(weights[i])));
  }
  const double layer = *std::max_element(largest.begin(), largest.end());
  const double floor = std::max(options.relative_floor * layer, options.absolute_floor);
  std::vector<float> scales;
  scales.reserve(num_channels);
  for (const double magnitude : largest) {
    const double scale = std::max(magnitude, floor) / options.max_magnitude;
    const bool usable = scale >= std::numeric_limits<float>::min();
    scales.push_back(usable ? static_cast<float>(scale) : 1.0F);
  }
  return scales;
}

float RaiseForBias(float weight_scale, float input_scale, float bias, double max_bias) {
  if (BiasSteps(bias, input_scale, weight_scale) <= max_bias) return weight_scale;
  const double exact =
      std::abs(static_cast<double>(bias)) / (static_cast<double>(input_scale) * max_bias);
  float scale = std::max(weight_scale, static_cast<float>(exact));
  // A few steps at most: `exact` was rounded to float32.
  while (BiasSteps(bias, input_scale, scale) > max_bias) {
    scale = std::nextafter(scale, std::numeric_limits<float>::infinity());
  }
  return scale;
}

std::int32_t QuantizeBias(float bias, float input_scale, float weight_scale) {
  const double steps = std::min(BiasSteps(bias, input_scale, weight_scale), kMaxBias);
  return static_cast<std::int32_t>(std::copysign(steps, static_cast<double>(bias)));
}

void QuantizeWeights(std::span<const float> weights, std::span<const float> scales,
                     std::span<std::int8_t> out, std::int32_t max_magnitude) {
  FEDGE_CHECK(weights.size() == out.size() && !scales.empty());
  FEDGE_CHECK(weights.size() % scales.size() == 0);
  const std::size_t size = weights.size() / scales.size();
  const IntegerRange integers = {.min = -max_magnitude, .max = max_magnitude};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Affine affine = {.scale = scales[i / size], .zero_point = 0};
    out[i] = static_cast<std::int8_t>(Quantize(weights[i], affine, integers));
  }
}

}  // namespace fedge::quantize
