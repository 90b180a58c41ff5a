#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fedge/common/result.h"

namespace fedge::quantize {

inline constexpr std::int32_t kMaxWeight = 127;
// u8 * s8 products of two neighbours, 2 * 255 * 64, fit 16 bits whatever the activations are.
inline constexpr std::int32_t kMaxSevenBitWeight = 64;

struct WeightScaleOptions {
  std::int32_t max_magnitude = kMaxWeight;  // of the integers: 127, or 63 or 64 for seven bits
  // No channel's largest magnitude counts as less than this share of the layer's largest: channels
  // that are dead or denormal would get scales with which nothing can be computed. NNCF's choice is
  // 0.01 and 8e-5; that costs small channels precision which scales per channel are there to keep.
  double relative_floor = 1e-5;
  double absolute_floor = 0;
};

// One symmetric scale per output channel: max|w| / 127, zero point 0. Not PyTorch's max|w| / 127.5:
// there the largest weight is 127.5 steps, so that it is either clipped by half a step or becomes
// -128, whose products exceed those that 127 is safe for. A layer of zeros or denormals gets scale
// 1.
//
// weights  [num_channels, elements of a channel]
// kInvalidArgument  a weight is not finite, or the weights cannot be shared out among the channels
Result<std::vector<float>> WeightScales(std::span<const float> weights, std::size_t num_channels,
                                        const WeightScaleOptions& options = {});

// The largest bias, in steps of input_scale * weight_scale, that int32 takes.
inline constexpr double kMaxBias = std::numeric_limits<std::int32_t>::max();

// `weight_scale`, raised by as little as float32 allows if the bias of the channel would exceed
// `max_bias` steps of input_scale * weight_scale (the rule of ONNX Runtime for int32 biases).
// Preconditions: both scales > 0, the bias is finite, max_bias >= 1.
float RaiseForBias(float weight_scale, float input_scale, float bias, double max_bias = kMaxBias);

// The bias in steps of input_scale * weight_scale, rounded half to even; saturates.
std::int32_t QuantizeBias(float bias, float input_scale, float weight_scale);

// Each channel with its own scale, zero point 0, clamped to +-max_magnitude.
//
// weights, out  [num_channels = scales.size(), elements of a channel]
// Preconditions: the sizes fit, all scales > 0.
void QuantizeWeights(std::span<const float> weights, std::span<const float> scales,
                     std::span<std::int8_t> out, std::int32_t max_magnitude = kMaxWeight);

}  // namespace fedge::quantize
