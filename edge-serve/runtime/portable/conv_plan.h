#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "fedge/engine/portable/strided.h"

namespace fedge::portable {

// A convolution in two dimensions; of one, the height is 1.
struct ConvShape {
  std::int64_t batch, channels, groups;
  op::Pair input, kernel, output;
  std::int64_t outputs;  // channels of the output

  ConvShape(const op::Conv& op, const KernelRequest& request);
  std::int64_t channels_per_group() const { return channels / groups; }
  std::int64_t outputs_per_group() const { return outputs / groups; }
  // Each channel makes one of its own: the groups are computed together.
  bool depthwise() const { return groups > 1 && channels == groups && outputs == groups; }
};

// One position of the kernel, and where it reads the input.
struct ConvTap {
  op::Pair kernel;
  op::Pair delta;
};

// Output positions first + step * i, i < count, whose taps read the input at input_step * i +
// delta. An ordinary convolution is one phase; a transposed one has one for each remainder of the
// position by the stride, and so multiplies no zeros.
struct ConvPhase {
  op::Pair first, step, count, input_step;
  std::vector<ConvTap> taps;

  std::int64_t num_taps() const { return static_cast<std::int64_t>(taps.size()); }
};

std::vector<ConvPhase> PlanConv(const op::Conv& op, const ConvShape& shape);

// Strides of a [N, C, (H,) W] tensor as {N, C, H, W}.
std::array<std::int64_t, 4> ImageStrides(std::span<const std::int64_t> strides);

}  // namespace fedge::portable
