#pragma once

#include <optional>
#include <span>

#include "fedge/program/dim.h"
#include "fedge/program/ops.h"
#include "fedge/tensor/dtype.h"

namespace fedge::internal {

// How a tensor's elements lie in its storage.
struct Region {
  std::int64_t offset = 0;  // in elements
  Dims dims;
  Dims strides;  // in elements
  friend bool operator==(const Region&, const Region&) = default;
};

enum class Layout : std::uint8_t { kRowMajor, kChannelsLast };

// Without gaps. Channels-last: of four dimensions [N, C, H, W], C fastest.
Dims StridesOf(std::span<const std::int64_t> dims, Layout layout);
Region DenseRegion(Dims dims, Layout layout);
bool IsDense(const Region& region, Layout layout);
std::int64_t NumElements(std::span<const std::int64_t> dims);

// The same elements seen as `dims` without moving them; nullopt where strides can't say it
// (aten/src/ATen/TensorUtils.cpp, computeStride).
std::optional<Region> ReshapeView(const Region& from, Dims dims);
// Operators that only look at memory differently: Permute, Expand, Slice, and Reshape where it can.
std::optional<Region> ViewOf(const Op& op, const Region& from, const Dims& output_dims);

}  // namespace fedge::internal
