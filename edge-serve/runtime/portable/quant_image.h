#pragma once

#include <cstdint>

#include "fedge/engine/portable/conv_plan.h"
#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/quant_kernels.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {

// The images that a convolution of bytes reads: where they lie if their channels are next to each
// other, else copied to scratch; numbers become bytes there, in a range for each image.
class QuantImages {
 public:
  QuantImages() = default;
  QuantImages(const TensorView& x, ScratchPlan& plan);

  // Of lines and columns.
  const op::Pair& strides() const { return strides_; }
  // Image `index`; sets its range if it consists of numbers.
  const std::uint8_t* Get(const Kernel::Arguments& arguments, std::int64_t index,
                          QuantRange& range) const;

 private:
  template <class Fn>
  void ForEachPiece(const float* image, Fn&& fn) const;

  TensorSpec dense_;  // one image with its channels last
  bool numbers_ = false;
  bool copies_ = false;
  std::int64_t step_ = 0;  // from image to image of x
  op::Pair strides_ = {0, 0};
  StridedCopy copy_;
  StridedLoop<2> loop_;  // over an image: dense, x
  std::size_t bytes_ = 0;
};

}  // namespace fedge::portable
