#include <algorithm>
#include <cmath>

#include "fedge/engine/portable/math.h"
#include "fedge/engine/portable/rows.h"
#include "fedge/engine/portable/staged.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

template <class T>
class SoftmaxKernel : public Kernel {
 public:
  SoftmaxKernel(const op::Softmax& op, const KernelRequest& request) : log_(op.log) {
    TensorSpec output(request.outputs[0]);
    const TensorSpec input(request.inputs[0]);
    const auto dim = static_cast<std::size_t>(op.dim);
    if (output.dims.empty()) {  // of a single number, along "its" dimension 0
      loop_ = StridedLoop<2>(output.dims, {output.strides, input.strides});
      return;
    }
    size_ = output.dims[dim];
    to_stride_ = output.strides[dim];
    from_stride_ = input.strides[dim];
    if (size_ > 0) output.dims[dim] = 1;
    loop_ = StridedLoop<2>(output.dims, {output.strides, input.strides});
  }

  Status Run(const Arguments& arguments) const override {
    const T* const x = arguments.inputs[0].as<const T>();
    T* const y = arguments.outputs[0].as<T>();
    loop_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t done = 0; done < count; done += kLanes) {
        const std::int64_t lanes = std::min(kLanes, count - done);
        const T* const from = x + offsets[1] + done * steps[1];
        T* const to = y + offsets[0] + done * steps[0];
        if (from_stride_ == 1 && to_stride_ == 1) {
          for (std::int64_t i = 0; i < lanes; ++i) {
            RunRow(from + i * steps[1], to + i * steps[0]);
          }
        } else {
          RunLanes(from, steps[1], to, steps[0], lanes);
        }
      }
    });
    return OkStatus();
  }

 private:
  static constexpr std::int64_t kLanes = 64;

  void RunRow(const T* from, T* to) const {
    const RowKernels<T>& rows = BestRowKernels<T>();
    if (log_) {
      rows.log_softmax(from, size_, to);
    } else {
      rows.softmax(from, T{1}, size_, to);
    }
  }

  // Several rows side by side.
  void RunLanes(const T* from, std::int64_t from_step, T* to, std::int64_t to_step,
                std::int64_t lanes) const {
    T largest[kLanes], sum[kLanes], shifted[kLanes], power[kLanes];
    for (std::int64_t i = 0; i < lanes; ++i) largest[i] = from[i * from_step];
    for (std::int64_t k = 1; k < size_; ++k) {
      const T* const x = from + k * from_stride_;
      for (std::int64_t i = 0; i < lanes; ++i) largest[i] = Largest(largest[i], x[i * from_step]);
    }
    std::fill_n(sum, lanes, T{0});
    for (std::int64_t k = 0; k < size_; ++k) {
      const T* const x = from + k * from_stride_;
      T* const y = to + k * to_stride_;
      for (std::int64_t i = 0; i < lanes; ++i) shifted[i] = x[i * from_step] - largest[i];
      BestRowKernels<T>().exp(shifted, power, lanes);
      for (std::int64_t i = 0; i < lanes; ++i) {
        sum[i] += power[i];
        y[i * to_step] = log_ ? shifted[i] : power[i];
      }
    }
    for (std::int64_t i = 0; i < lanes; ++i) sum[i] = log_ ? std::log(sum[i]) : T{1} / sum[i];
    for (std::int64_t k = 0; k < size_; ++k) {
      T* const y = to + k * to_stride_;
      for (std::int64_t i = 0; i < lanes; ++i) {
        T& value = y[i * to_step];
        value = log_ ? value - sum[i] : value * sum[i];
      }
    }
  }

  bool log_;
  std::int64_t size_ = 1;
  std::int64_t to_stride_ = 1;
  std::int64_t from_stride_ = 1;
  StridedLoop<2> loop_;  // over the first elements of all rows
};

}  // namespace

KernelPtr Make(const op::Softmax& op, const KernelRequest& request) {
  return MakeFloating<SoftmaxKernel>(op, request);
}

}  // namespace fedge::portable
