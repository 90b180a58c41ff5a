#include "fedge/quantize/pair_safe.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "fedge/common/check.h"
#include "fedge/quantize/affine.h"
#include "fedge/quantize/quantization_error.h"

namespace fedge::quantize {
namespace {

constexpr IntegerRange kIntegers = {.min = -kMaxWeight, .max = kMaxWeight};

struct Pair {
  float first = 0;
  float second = 0;

  bool SafeAt(float scale) const {
    const Affine affine = {.scale = scale, .zero_point = 0};
    const std::int32_t sum =
        Quantize(first, affine, kIntegers) + Quantize(second, affine, kIntegers);
    return std::abs(sum) <= kMaxPairSum;
  }
};

// The least float32 above `unsafe` with which the pair is safe. Positive floats are ordered as
// their bits are.
float LeastSafeScale(const Pair& pair, float unsafe) {
  // Here the quotients sum to 126, and rounding adds at most 1.
  const double enough =
      (std::abs(static_cast<double>(pair.first)) + std::abs(static_cast<double>(pair.second))) /
      126;
  auto low = std::bit_cast<std::uint32_t>(unsafe);
  auto high = std::bit_cast<std::uint32_t>(static_cast<float>(enough));
  FEDGE_CHECK(low < high);
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (pair.SafeAt(std::bit_cast<float>(middle)) ? high : low) = middle;
  }
  return std::bit_cast<float>(high);
}

// Calls visit(i, j) with the indices of each two neighbours.
template <typename Visit>
void ForEachPair(std::size_t num_weights, std::size_t num_positions, const Visit& visit) {
  FEDGE_CHECK(num_positions > 0 && num_weights % num_positions == 0);
  const std::size_t num_inputs = num_weights / num_positions;
  for (std::size_t input = 0; input + 1 < num_inputs; input += 2) {
    for (std::size_t position = 0; position < num_positions; ++position) {
      const std::size_t i = input * num_positions + position;
      visit(i, i + num_positions);
    }
  }
}

SafeScale Judge(const ChannelWeights& channel, float given, float scale) {
  return {.scale = scale,
          .sqnr_db = WeightSqnr(channel.weights, scale, kMaxWeight),
          .unconstrained_sqnr_db = WeightSqnr(channel.weights, given, kMaxWeight)};
}

}  // namespace

bool IsPairSafe(std::span<const std::int8_t> weights, std::size_t num_positions) {
  bool safe = true;
  ForEachPair(weights.size(), num_positions, [&](std::size_t i, std::size_t j) {
    safe = safe && std::abs(weights[i] + weights[j]) <= kMaxPairSum;
  });
  return safe;
}

SafeScale PairSafeScale(const ChannelWeights& channel, float scale) {
  float safe = scale;
  ForEachPair(channel.weights.size(), channel.num_positions, [&](std::size_t i, std::size_t j) {
    const Pair pair = {.first = channel.weights[i], .second = channel.weights[j]};
    if (!pair.SafeAt(safe)) safe = LeastSafeScale(pair, safe);
  });
  return Judge(channel, scale, safe);
}

SafeScale SevenBitScale(const ChannelWeights& channel, float scale, std::int32_t max_magnitude) {
  FEDGE_CHECK(max_magnitude > 0);
  double largest = 0;
  for (const float weight : channel.weights) {
    largest = std::max(largest, std::abs(static_cast<double>(weight)));
  }
  const auto needed = static_cast<float>(largest / max_magnitude);
  return Judge(channel, scale, std::max(scale, needed));
}

}  // namespace fedge::quantize
