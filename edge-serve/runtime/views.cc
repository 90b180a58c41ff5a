#include "fedge/engine/views.h"

#include <algorithm>
#include <utility>

#include "fedge/program/strides.h"

namespace fedge::internal {

std::int64_t NumElements(std::span<const std::int64_t> dims) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

Dims StridesOf(std::span<const std::int64_t> dims, Layout layout) {
  if (layout == Layout::kRowMajor) return *RowMajorStrides(dims);
  const std::int64_t permuted[] = {dims[0], dims[2], dims[3], dims[1]};
  const Dims strides = *RowMajorStrides(permuted);
  return {strides[0], strides[3], strides[1], strides[2]};
}

Region DenseRegion(Dims dims, Layout layout) {
  Dims strides = StridesOf(dims, layout);
  return {0, std::move(dims), std::move(strides)};
}

bool IsDense(const Region& region, Layout layout) {
  const Dims dense = StridesOf(region.dims, layout);
  for (std::size_t i = 0; i < dense.size(); ++i) {
    // The stride of a dimension of one element is never used.
    if (region.dims[i] != 1 && region.strides[i] != dense[i]) return false;
  }
  return true;
}

std::optional<Region> ReshapeView(const Region& from, Dims dims) {
  if (NumElements(dims) == 0) return DenseRegion(std::move(dims), Layout::kRowMajor);
  Region view{from.offset, std::move(dims), {}};
  view.strides.resize(view.dims.size());
  std::size_t next = view.dims.size();  // output dimensions from here on have their strides
  std::int64_t chunk_stride = from.strides.empty() ? 1 : from.strides.back();
  std::int64_t chunk_elements = 1;
  std::int64_t view_elements = 1;
  for (std::size_t d = from.dims.size(); d-- > 0;) {
    chunk_elements *= from.dims[d];
    // A chunk: input dimensions that lie in memory as one.
    const bool ends =
        d == 0 || (from.dims[d - 1] != 1 && from.strides[d - 1] != chunk_elements * chunk_stride);
    if (!ends) continue;
    while (next > 0 && (view_elements < chunk_elements || view.dims[next - 1] == 1)) {
      --next;
      view.strides[next] = view_elements * chunk_stride;
      view_elements *= view.dims[next];
    }
    if (view_elements != chunk_elements) return std::nullopt;
    if (d > 0) {
      chunk_stride = from.strides[d - 1];
      chunk_elements = 1;
      view_elements = 1;
    }
  }
  while (next > 0) view.strides[--next] = 1;  // of what was no dimension: all are 1
  return view;
}

namespace {

struct Viewer {
  const Region& from;
  const Dims& dims;

  std::optional<Region> operator()(const op::Reshape&) const { return ReshapeView(from, dims); }

  std::optional<Region> operator()(const op::Permute& op) const {
    Region view{from.offset, dims, {}};
    for (const std::int64_t d : op.order) {
      view.strides.push_back(from.strides[static_cast<std::size_t>(d)]);
    }
    return view;
  }

  std::optional<Region> operator()(const op::Expand&) const {
    Region view{from.offset, dims, Dims(dims.size(), 0)};
    const std::size_t added = dims.size() - from.dims.size();
    for (std::size_t d = 0; d < from.dims.size(); ++d) {
      if (from.dims[d] == dims[added + d]) view.strides[added + d] = from.strides[d];
    }
    return view;
  }

  std::optional<Region> operator()(const op::Slice& op) const {
    Region view{from.offset, dims, from.strides};
    const auto d = static_cast<std::size_t>(op.dim);
    if (dims[d] > 0) view.offset += op.start * from.strides[d];
    view.strides[d] *= op.step;
    return view;
  }

  template <class Other>
  std::optional<Region> operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

std::optional<Region> ViewOf(const Op& op, const Region& from, const Dims& output_dims) {
  return std::visit(Viewer{from, output_dims}, op);
}

}  // namespace fedge::internal
