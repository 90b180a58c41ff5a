#pragma once

#include <cstdint>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/quant_product.h"

namespace fedge::portable {

// The output positions of a convolution of bytes as rows of a product: where each one's taps read
// the image, whose channels lie next to each other. Where there are few of those, what a row reads
// is gathered in one run of bytes instead.
class QuantConvRows {
 public:
  // `strides` are those of the image's lines and columns.
  QuantConvRows(const op::Conv& op, const ConvShape& shape, const op::Pair& strides);

  std::int64_t num_rows() const { return output_[0] * output_[1]; }  // of an image
  bool gathers() const { return gathers_; }
  // As the product sees them.
  std::int64_t num_taps() const { return gathers_ ? 1 : kernel_[0] * kernel_[1]; }
  std::int64_t length() const {
    return gathers_ ? kernel_[0] * kernel_[1] * channels_ : channels_per_group_;
  }

  struct Block {
    const std::uint8_t* image;
    const std::uint8_t* padding;  // a pixel outside of it
    std::int64_t first_row;
    std::int64_t num_rows;          // up to kQuantBlockRows
    const std::uint8_t** pointers;  // to be set: room for kQuantBlockRows * num_taps()
    std::uint8_t* gathered;         // room for kQuantBlockRows * length(), if it gathers
  };
  void Find(const Block& block) const;

 private:
  void FindRow(const Block& block, std::int64_t row, std::int64_t y, std::int64_t x) const;
  void Gather(const Block& block, std::int64_t y, std::int64_t x, std::uint8_t* to) const;

  op::Pair input_, output_, kernel_, stride_, pad_, dilation_, strides_;
  std::int64_t channels_, channels_per_group_;
  bool gathers_;
};

}  // namespace fedge::portable
