#include "fedge/engine/onednn/image.h"

#include <tuple>
#include <utility>

namespace fedge::onednn {

std::optional<Image> ImageOf(const TensorView& view) {
  if (view.dims.size() != 3 && view.dims.size() != 4) return std::nullopt;
  const bool flat = view.dims.size() == 3;
  Image image;
  image.dims = {1, view.dims[1], flat ? 1 : view.dims[2], view.dims.back()};
  const auto [one, channels, height, width] =
      std::tie(image.dims[0], image.dims[1], image.dims[2], image.dims[3]);
  image.strides = {channels * height * width, 1, width * channels, channels};
  const Dims actual = {0, view.strides[1], flat ? 0 : view.strides[2], view.strides.back()};
  for (std::size_t d = 1; d < 4; ++d) {
    if (image.dims[d] > 1 && actual[d] != image.strides[d]) return std::nullopt;
  }
  image.bytes = static_cast<std::size_t>(image.strides[0]) * DTypeSize(view.dtype);
  return image;
}

std::optional<dnnl_memory_desc_t> DescribeWeights(const Runtime& runtime, const op::Conv& op,
                                                  const TensorView& view) {
  const bool flat = view.dims.size() == 3;
  Dims dims = {view.dims[0], view.dims[1], flat ? 1 : view.dims[2], view.dims.back()};
  Dims strides = {view.strides[0], view.strides[1], flat ? 1 : view.strides[2],
                  view.strides.back()};
  // The first dimension is the one whose channels the groups share out.
  dims[0] /= op.groups;
  const std::int64_t group_stride = dims[0] * strides[0];
  if (op.transposed) {
    std::swap(dims[0], dims[1]);
    std::swap(strides[0], strides[1]);
  }
  if (op.groups > 1) {
    dims.insert(dims.begin(), op.groups);
    strides.insert(strides.begin(), group_stride);
  }
  return runtime.Describe(view.dtype, dims, strides);
}

}  // namespace fedge::onednn
