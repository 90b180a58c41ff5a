#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/quantize/exact_sum.h"

namespace fedge::quantize {

// Of all finite values of one channel; the others are only counted.
struct ChannelSummary {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  std::uint64_t num_values = 0;
  std::uint64_t num_not_finite = 0;
  ExactSum sum;

  void Add(float value);
  void Merge(const ChannelSummary& other);
  // 0 of no values.
  double mean() const;
};

// Minimum, maximum and mean of each channel of a tensor over many samples. The sums are exact, so
// neither the order nor the batching of the samples changes a bit. Thread-compatible.
class ChannelStatistics {
 public:
  // Precondition: num_channels > 0.
  explicit ChannelStatistics(std::size_t num_channels) : channels_(num_channels) {}

  // values  [any number of samples, num_channels, num_positions]
  // kInvalidArgument  the values are not a whole number of samples; nothing is added
  Status Add(std::span<const float> values, std::size_t num_positions);
  // kInvalidArgument  the other has another number of channels
  Status Merge(const ChannelStatistics& other);

  std::span<const ChannelSummary> channels() const { return channels_; }
  std::vector<double> means() const;
  // Of all channels together.
  ChannelSummary Total() const;

 private:
  std::vector<ChannelSummary> channels_;
};

}  // namespace fedge::quantize
