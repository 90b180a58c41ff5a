#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fedge/engine/kernel.h"

namespace fedge::portable {

// What a kernel keeps of a tensor when the request for it is gone.
struct TensorSpec {
  DType dtype = DType::kFloat32;
  Dims dims;
  Dims strides;  // in elements

  TensorSpec() = default;
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

// A loop over the elements of K tensors of the same sizes, in the order of the first one's memory
// and in rows as long as all their strides allow. Made once; running it allocates nothing.
template <std::size_t K>
class StridedLoop {
 public:
  using Steps = std::array<std::int64_t, K>;

  StridedLoop() = default;
  StridedLoop(std::span<const std::int64_t> dims, const std::array<Dims, K>& strides);

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

// Copies the elements of a tensor to another one of the same sizes and size of element.
class StridedCopy {
 public:
  StridedCopy() = default;
  StridedCopy(DType dtype, std::span<const std::int64_t> dims, const Dims& to_strides,
              const Dims& from_strides)
      : element_size_(DTypeSize(dtype)), loop_(dims, {to_strides, from_strides}) {}

  void Run(const std::byte* from, std::byte* to) const;

 private:
  std::size_t element_size_ = 1;
  StridedLoop<2> loop_;
};

}  // namespace fedge::portable
