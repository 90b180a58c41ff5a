#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fedge/quantize/weight_scale.h"

namespace fedge::quantize {

// Weights that give the same products on every CPU. Without VNNI, u8 * s8 products of two
// neighbouring input channels are added in 16 bits with saturation: 255 * (a + b) fits while
// |a + b| <= 128. (Measured: convolutions of such weights are exact with SSE4.1, AVX2 and AVX-512.)
inline constexpr std::int32_t kMaxPairSum = 128;

// The weights of one output channel: [num_inputs of its group, num_positions of the kernel]. At
// each position, input channels 2k and 2k + 1 are neighbours; the last of an odd number has none.
struct ChannelWeights {
  std::span<const float> weights;
  std::size_t num_positions = 1;
};

// Whether all neighbours of a channel, already integers, have a sum of magnitude 128 or less.
// Precondition, of all functions here: the weights are whole input channels.
bool IsPairSafe(std::span<const std::int8_t> weights, std::size_t num_positions);

// A scale under a rule, and what the rule cost.
struct SafeScale {
  float scale = 1;
  double sqnr_db = 0;                // with this scale; infinite if the weights are exact
  double unconstrained_sqnr_db = 0;  // with the scale that was given
};

// The least scale, of all float32 from `scale` on, with which the channel is pair-safe: `scale`
// itself if it is already. The magnitude of a pair's sum never grows with the scale and falls only
// where one of the two is rounded to another integer; the point where it has fallen far enough is
// found to the last bit by bisection.
//
// Preconditions: the weights are finite; scale > 0.
SafeScale PairSafeScale(const ChannelWeights& channel, float scale);

// `scale`, or max|w| / max_magnitude if that is more: no integer exceeds max_magnitude, 64 or 63,
// so that any two neighbours are safe. Simpler than pairs, at the price of a bit.
SafeScale SevenBitScale(const ChannelWeights& channel, float scale,
                        std::int32_t max_magnitude = kMaxSevenBitWeight);

}  // namespace fedge::quantize
