#pragma once

#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {

// The loop of an operator that works along one dimension of x and, where they keep it, of K - 1
// outputs (which come first): over the first elements of all rows.
template <std::size_t K>
class AlongDim {
 public:
  AlongDim(const KernelRequest& request, std::int64_t dim, bool outputs_keep_it) {
    const TensorSpec input(request.inputs[0]);
    if (input.dims.empty()) {  // a single number has one row of one
      loop_ = StridedLoop<K>({}, {});
      return;
    }
    const auto along = static_cast<std::ptrdiff_t>(dim);
    size_ = input.dims[static_cast<std::size_t>(dim)];
    Dims dims = input.dims;
    dims.erase(dims.begin() + along);
    std::array<Dims, K> strides;
    for (std::size_t k = 0; k < K; ++k) {
      const TensorView& view = k + 1 < K ? request.outputs[k] : request.inputs[0];
      strides[k].assign(view.strides.begin(), view.strides.end());
      if (k + 1 < K && !outputs_keep_it) continue;
      steps_[k] = strides[k][static_cast<std::size_t>(dim)];
      strides[k].erase(strides[k].begin() + along);
    }
    loop_ = StridedLoop<K>(dims, strides);
  }

  std::int64_t size() const { return size_; }
  // From element to element of a row: of output k, and, last, of x.
  std::int64_t step(std::size_t k) const { return steps_[k]; }
  // fn(offsets) for each row.
  template <class Fn>
  void ForEach(Fn&& fn) const {
    loop_.ForEachRow([&](auto offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t i = 0; i < count; ++i) {
        fn(offsets);
        for (std::size_t k = 0; k < K; ++k) offsets[k] += steps[k];
      }
    });
  }

 private:
  std::int64_t size_ = 1;
  std::array<std::int64_t, K> steps_ = {};
  StridedLoop<K> loop_;
};

}  // namespace fedge::portable
