#pragma once

#include <cstddef>
#include <optional>

#include "fedge/engine/onednn/runtime.h"

namespace fedge::onednn {

// Of one image without gaps, its channels last; sizes {1, C, H, W}.
struct Image {
  Dims dims, strides;
  std::size_t bytes = 0;
};

// nullopt: it lies otherwise. An image of one dimension has a height of 1.
std::optional<Image> ImageOf(const TensorView& view);

// A convolution's weights as oneDNN counts their dimensions: [groups,] outputs, inputs, height,
// width.
std::optional<dnnl_memory_desc_t> DescribeWeights(const Runtime& runtime, const op::Conv& op,
                                                  const TensorView& view);

}  // namespace fedge::onednn
