#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "fedge/engine/portable/convert.h"
#include "fedge/engine/portable/kernels.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {

// output[i] = f(inputs[i]...) of K broadcast inputs, computed as T in pieces of rows. Row is called
// as row(std::array<const T*, K>, T* out, count) and says whether the numbers allowed it. In place
// is fine where strides agree.
template <class T, std::size_t K, class Row>
class Elementwise : public Kernel {
 public:
  Elementwise(const KernelRequest& request, Row row)
      : row_(std::move(row)), output_(request.outputs[0].dtype) {
    const TensorSpec output(request.outputs[0]);
    std::array<Dims, K + 1> strides = {output.strides};
    for (std::size_t k = 0; k < K; ++k) {
      dtypes_[k] = request.inputs[k].dtype;
      strides[k + 1] = BroadcastStrides(TensorSpec(request.inputs[k]), output.dims);
    }
    loop_ = StridedLoop<K + 1>(output.dims, strides);
  }

  Status Run(const Arguments& arguments) const override {
    bool defined = true;
    loop_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t done = 0; done < count; done += kPiece) {
        const std::int64_t piece = std::min(kPiece, count - done);
        auto at = offsets;
        for (std::size_t k = 0; k <= K; ++k) at[k] += done * steps[k];
        if (!RunPiece(arguments, at, steps, piece)) defined = false;
      }
    });
    if (!defined) return OutOfRange("integer division by zero");
    return OkStatus();
  }

 private:
  static constexpr std::int64_t kPiece = 256;
  using Steps = typename StridedLoop<K + 1>::Steps;

  bool RunPiece(const Arguments& arguments, const Steps& at, const Steps& steps,
                std::int64_t count) const {
    std::array<std::array<T, kPiece>, K + 1> buffers;
    std::array<const T*, K> inputs;
    for (std::size_t k = 0; k < K; ++k) {
      const auto size = static_cast<std::int64_t>(DTypeSize(dtypes_[k]));
      inputs[k] = Read(arguments.inputs[k].data + at[k + 1] * size, dtypes_[k], steps[k + 1], count,
                       buffers[k].data());
    }
    std::byte* const to =
        arguments.outputs[0].data + at[0] * static_cast<std::int64_t>(DTypeSize(output_));
    if (output_ == DTypeOf<T>() && steps[0] == 1) {
      return row_(inputs, reinterpret_cast<T*>(to), count);
    }
    const bool defined = row_(inputs, buffers[K].data(), count);
    Store(buffers[K].data(), count, to, output_, steps[0]);
    return defined;
  }

  Row row_;
  DType output_;
  std::array<DType, K> dtypes_;
  StridedLoop<K + 1> loop_;
};

template <class T, std::size_t K, class Row>
KernelPtr MakeElementwise(const KernelRequest& request, Row row) {
  return std::make_unique<Elementwise<T, K, Row>>(request, std::move(row));
}

}  // namespace fedge::portable
