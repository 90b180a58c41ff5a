#include "fedge/quantize/channel_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "fedge/common/status.h"

namespace fedge::quantize {

void ChannelSummary::Add(float value) {
  if (!std::isfinite(value)) {
    ++num_not_finite;
    return;
  }
  min = std::min(min, value);
  max = std::max(max, value);
  ++num_values;
  sum.Add(value);
}

void ChannelSummary::Merge(const ChannelSummary& other) {
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  num_values += other.num_values;
  num_not_finite += other.num_not_finite;
  sum.Merge(other.sum);
}

double ChannelSummary::mean() const {
  return num_values == 0 ? 0 : sum.value() / static_cast<double>(num_values);
}

Status ChannelStatistics::Add(std::span<const float> values, std::size_t num_positions) {
  const std::size_t sample_size = channels_.size() * num_positions;
  if (sample_size == 0 || values.size() % sample_size != 0) {
    return InvalidArgument("{} values are not samples of {} channels with {} positions",
                           values.size(), channels_.size(), num_positions);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    channels_[i / num_positions % channels_.size()].Add(values[i]);
  }
  return OkStatus();
}

Status ChannelStatistics::Merge(const ChannelStatistics& other) {
  if (other.channels_.size() != channels_.size()) {
    return InvalidArgument("statistics of {} channels cannot be added to those of {}",
                           other.channels_.size(), channels_.size());
  }
  for (std::size_t i = 0; i < channels_.size(); ++i) channels_[i].Merge(other.channels_[i]);
  return OkStatus();
}

std::vector<double> ChannelStatistics::means() const {
  std::vector<double> means;
  means.reserve(channels_.size());
  for (const ChannelSummary& channel : channels_) means.push_back(channel.mean());
  return means;
}

ChannelSummary ChannelStatistics::Total() const {
  ChannelSummary total;
  for (const ChannelSummary& channel : channels_) total.Merge(channel);
  return total;
}

}  // namespace fedge::quantize
