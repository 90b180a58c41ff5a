#include "fedge/engine/portable/quant_conv_rows.h"

#include <cstring>

namespace fedge::portable {
namespace {

// Fewer are not worth a loop of their own.
constexpr std::int64_t kFewChannels = 16;

}  // namespace

QuantConvRows::QuantConvRows(const op::Conv& op, const ConvShape& shape, const op::Pair& strides)
    : input_(shape.input),
      output_(shape.output),
      kernel_(shape.kernel),
      stride_(op.stride),
      pad_(op.pad_begin),
      dilation_(op.dilation),
      strides_(strides),
      channels_(shape.channels),
      channels_per_group_(shape.channels_per_group()),
      gathers_(shape.groups == 1 && shape.channels < kFewChannels &&
               shape.kernel[0] * shape.kernel[1] > 1) {}

void QuantConvRows::Find(const Block& block) const {
  for (std::int64_t r = 0; r < block.num_rows; ++r) {
    const std::int64_t row = block.first_row + r;
    const std::int64_t y = row / output_[1] * stride_[0] - pad_[0];
    const std::int64_t x = row % output_[1] * stride_[1] - pad_[1];
    if (gathers_) {
      std::uint8_t* const to = block.gathered + r * length();
      Gather(block, y, x, to);
      block.pointers[QuantPointerIndex(r, 0, 1)] = to;
    } else {
      FindRow(block, r, y, x);
    }
  }
}

void QuantConvRows::FindRow(const Block& block, std::int64_t row, std::int64_t y,
                            std::int64_t x) const {
  const std::int64_t max_rows = BestQuantKernels().max_rows;
  const std::uint8_t** to = block.pointers + QuantPointerIndex(row, 0, num_taps());
  for (std::int64_t i = 0; i < kernel_[0]; ++i) {
    const std::int64_t line = y + i * dilation_[0];
    const bool outside = line < 0 || line >= input_[0];
    for (std::int64_t j = 0; j < kernel_[1]; ++j) {
      const std::int64_t column = x + j * dilation_[1];
      *to = outside || column < 0 || column >= input_[1]
                ? block.padding
                : block.image + line * strides_[0] + column * strides_[1];
      to += max_rows;
    }
  }
}

void QuantConvRows::Gather(const Block& block, std::int64_t y, std::int64_t x,
                           std::uint8_t* to) const {
  const auto pixel = static_cast<std::size_t>(channels_);
  const std::int64_t end = x + (kernel_[1] - 1) * dilation_[1];
  const bool run = dilation_[1] == 1 && strides_[1] == channels_ && x >= 0 && end < input_[1];
  for (std::int64_t i = 0; i < kernel_[0]; ++i) {
    const std::int64_t line = y + i * dilation_[0];
    const bool outside = line < 0 || line >= input_[0];
    if (run && !outside) {
      const std::size_t bytes = pixel * static_cast<std::size_t>(kernel_[1]);
      std::memcpy(to, block.image + line * strides_[0] + x * strides_[1], bytes);
      to += bytes;
      continue;
    }
    for (std::int64_t j = 0; j < kernel_[1]; ++j, to += channels_) {
      const std::int64_t column = x + j * dilation_[1];
      const bool inside = !outside && column >= 0 && column < input_[1];
      std::memcpy(to,
                  inside ? block.image + line * strides_[0] + column * strides_[1] : block.padding,
                  pixel);
    }
  }
}

}  // namespace fedge::portable
