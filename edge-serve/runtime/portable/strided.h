#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "fedge/engine/kernel.h"

namespace fedge::portable {

// What a kernel keeps of a tensor when the request for it is gone.
struct TensorSpec {
  DType dtype = DType::kFloat32;
  Dims dims;
  Dims strides;  // in elements

  TensorSpec() = default;
  TensorSpec(DType type, Dims sizes, Dims steps)
      : dtype(type), dims(std::move(sizes)), strides(std::move(steps)) {}
  explicit TensorSpec(const TensorView& view)
      : dtype(view.dtype),
        dims(view.dims.begin(), view.dims.end()),
        strides(view.strides.begin(), view.strides.end()) {}

  std::size_t rank() const { return dims.size(); }
  std::int64_t num_elements() const;
  TensorView View(std::byte* data) const { return {data, dtype, dims, strides}; }
};

Dims RowMajorStrides(std::span<const std::int64_t> dims);
// The channels, dimension 1, are innermost.
Dims ChannelsLastStrides(std::span<const std::int64_t> dims);
// The strides with which a tensor is read as one of `rank` dimensions and sizes `dims`, as
// broadcasting does it: 0 where its size is 1 and along the dimensions it does not have.
Dims BroadcastStrides(const TensorSpec& tensor, std::span<const std::int64_t> dims);

// A loop over the elements of K tensors of the same sizes, about in the order of the first one's
// memory and in rows as long as all their strides allow. Made once; running it allocates nothing.
template <std::size_t K>
class StridedLoop {
 public:
  using Steps = std::array<std::int64_t, K>;

  StridedLoop() = default;
  StridedLoop(std::span<const std::int64_t> dims, const std::array<Dims, K>& strides);

  // Whether the elements of a row lie next to each other in the first tensor.
  bool ends_contiguous() const { return !levels_.empty() && levels_.back().steps[0] == 1; }

  // fn(offsets, count, steps): `count` elements of each tensor from offsets[k], steps[k] apart, all
  // in elements. Nothing is called where a size is 0.
  template <class Fn>
  void ForEachRow(Fn&& fn) const {
    if (!levels_.empty()) Descend(0, Steps{}, fn);
  }

 private:
  struct Level {
    std::int64_t size;
    Steps steps;
  };

  template <class Fn>
  void Descend(std::size_t level, Steps offsets, Fn& fn) const {
    const Level& here = levels_[level];
    if (level + 1 == levels_.size()) return fn(offsets, here.size, here.steps);
    for (std::int64_t i = 0; i < here.size; ++i) {
      Descend(level + 1, offsets, fn);
      for (std::size_t k = 0; k < K; ++k) offsets[k] += here.steps[k];
    }
  }

  std::vector<Level> levels_;  // outermost first; none: nothing to do
};

extern template class StridedLoop<1>;
extern template class StridedLoop<2>;
extern template class StridedLoop<3>;
extern template class StridedLoop<4>;

// Where the i-th element of a tensor lies, counted in row-major order.
class FlatIndex {
 public:
  FlatIndex() = default;
  FlatIndex(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides);

  std::int64_t size() const { return size_; }
  bool contiguous() const { return inner_.empty() && (size_ <= 1 || outer_stride_ == 1); }
  std::int64_t operator()(std::int64_t index) const {
    std::int64_t offset = 0;
    for (const auto& [size, stride] : inner_) {
      offset += index % size * stride;
      index /= size;
    }
    return offset + index * outer_stride_;
  }

 private:
  struct Level {
    std::int64_t size, stride;
  };
  std::vector<Level> inner_;  // innermost first, without the outermost
  std::int64_t outer_stride_ = 0;
  std::int64_t size_ = 1;
};

// Copies the elements of a tensor to another one of the same sizes, converted where they are stored
// otherwise.
class StridedCopy {
 public:
  StridedCopy() = default;
  StridedCopy(const TensorSpec& to, const TensorSpec& from)
      : StridedCopy(to, from.dtype, from.strides) {}
  StridedCopy(const TensorSpec& to, DType from_dtype, const Dims& from_strides)
      : to_(to.dtype), from_(from_dtype), loop_(to.dims, {to.strides, from_strides}) {}

  void Run(const std::byte* from, std::byte* to) const;

 private:
  DType to_ = DType::kFloat32;
  DType from_ = DType::kFloat32;
  StridedLoop<2> loop_;
};

}  // namespace fedge::portable
