#include "fedge/engine/portable/quant_image.h"

#include <algorithm>
#include <array>

namespace fedge::portable {

QuantImages::QuantImages(const TensorView& x, ScratchPlan& plan)
    : numbers_(x.dtype == DType::kFloat32), step_(x.strides[0]) {
  TensorSpec image(x);
  image.dims[0] = 1;
  dense_ = {DType::kUInt8, image.dims, ChannelsLastStrides(image.dims)};
  copies_ = numbers_ || (x.dims[1] > 1 && x.strides[1] != 1);
  const auto four = ImageStrides(copies_ ? dense_.strides : image.strides);
  strides_ = {four[2], four[3]};
  if (!copies_) return;
  bytes_ = plan.Add<std::uint8_t>(std::max<std::int64_t>(dense_.num_elements(), 1));
  if (numbers_) {
    loop_ = StridedLoop<2>(image.dims, {dense_.strides, image.strides});
  } else {
    copy_ = StridedCopy(dense_, image);
  }
}

// fn(numbers next to each other, count, offset in the dense image, its step).
template <class Fn>
void QuantImages::ForEachPiece(const float* image, Fn&& fn) const {
  constexpr std::int64_t kPiece = 512;
  std::array<float, kPiece> buffer;
  loop_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
    for (std::int64_t done = 0; done < count; done += kPiece) {
      const std::int64_t piece = std::min(kPiece, count - done);
      const float* from = image + offsets[1] + done * steps[1];
      if (steps[1] != 1) {
        for (std::int64_t i = 0; i < piece; ++i) {
          buffer[static_cast<std::size_t>(i)] = from[i * steps[1]];
        }
        from = buffer.data();
      }
      fn(from, piece, offsets[0] + done * steps[0], steps[0]);
    }
  });
}

const std::uint8_t* QuantImages::Get(const Kernel::Arguments& arguments, std::int64_t index,
                                     QuantRange& range) const {
  const TensorView& x = arguments.inputs[0];
  const auto size = static_cast<std::int64_t>(DTypeSize(x.dtype));
  const std::byte* const image = x.data + index * step_ * size;
  if (!copies_) return reinterpret_cast<const std::uint8_t*>(image);
  auto* const to = ScratchAt<std::uint8_t>(arguments.scratch, bytes_);
  if (!numbers_) {
    copy_.Run(image, reinterpret_cast<std::byte*>(to));
    return to;
  }
  const auto* const from = reinterpret_cast<const float*>(image);
  const QuantKernels& kernels = BestQuantKernels();
  QuantLimits limits;
  ForEachPiece(from, [&](const float* piece, std::int64_t count, std::int64_t, std::int64_t) {
    kernels.find_limits(piece, count, limits);
  });
  range = RangeOf(limits);
  const float inverse = 1.0F / range.scale;
  ForEachPiece(from,
               [&](const float* piece, std::int64_t count, std::int64_t at, std::int64_t step) {
                 if (step == 1)
                   return kernels.quantize(piece, count, inverse, range.zero_point, to + at);
                 for (std::int64_t i = 0; i < count; ++i) {
                   kernels.quantize(piece + i, 1, inverse, range.zero_point, to + at + i * step);
                 }
               });
  return to;
}

}  // namespace fedge::portable
