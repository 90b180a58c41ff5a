#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>

#include "fedge/engine/portable/math.h"
#include "fedge/engine/portable/staged.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

// One output position's window along one dimension: begin, begin + step, ... below end.
struct Window {
  std::int64_t begin, end;
  std::int64_t padded;  // how many positions count as read by an average that includes padding
};

struct Axis {
  std::int64_t step = 1;
  std::vector<Window> windows;
};

Axis PoolAxis(const op::Pool& op, std::size_t axis, std::int64_t input, std::int64_t output) {
  Axis result{op.dilation[axis], {}};
  const std::int64_t reach = op.dilation[axis] * (op.kernel[axis] - 1) + 1;
  for (std::int64_t i = 0; i < output; ++i) {
    std::int64_t begin = i * op.stride[axis] - op.pad[axis];
    const std::int64_t padded = std::min(begin + op.kernel[axis], input + op.pad[axis]) - begin;
    const std::int64_t end = std::min(begin + reach, input);
    while (begin < 0) begin += result.step;
    result.windows.push_back({begin, end, padded});
  }
  return result;
}

// torch/aten/src/ATen/native/AdaptivePooling.h, start_index and end_index.
Axis AdaptiveAxis(std::int64_t input, std::int64_t output) {
  Axis result;
  for (std::int64_t i = 0; i < output; ++i) {
    const std::int64_t begin = i * input / output;
    const std::int64_t end = ((i + 1) * input + output - 1) / output;
    result.windows.push_back({begin, end, end - begin});
  }
  return result;
}

// All pools over windows that are a product of two axes. Channels that lie next to each other are
// computed together; else each is an image of its own.
template <class T>
class PoolKernel : public Kernel {
 public:
  PoolKernel(const op::Pool& op, const KernelRequest& request) : PoolKernel(request, op.average) {
    count_padding_ = op.count_include_pad;
    divisor_ = op.divisor_override;
    const auto [in, out] = Sizes(request);
    y_ = PoolAxis(op, 0, in[0], out[0]);
    x_ = PoolAxis(op, 1, in[1], out[1]);
  }

  PoolKernel(const op::AdaptivePool& op, const KernelRequest& request)
      : PoolKernel(request, op.average) {
    const auto [in, out] = Sizes(request);
    y_ = AdaptiveAxis(in[0], out[0]);
    x_ = AdaptiveAxis(in[1], out[1]);
  }

  Status Run(const Arguments& arguments) const override {
    images_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t i = 0; i < count; ++i) {
        PoolImage(arguments.inputs[0].as<const T>() + offsets[1] + i * steps[1],
                  arguments.outputs[0].as<T>() + offsets[0] + i * steps[0]);
      }
    });
    return OkStatus();
  }

 private:
  static constexpr std::int64_t kLanes = 64;

  PoolKernel(const KernelRequest& request, bool average) : average_(average) {
    const TensorSpec input(request.inputs[0]), output(request.outputs[0]);
    const bool flat = input.rank() == 3;
    from_ = {flat ? 0 : input.strides[2], input.strides.back()};
    to_ = {flat ? 0 : output.strides[2], output.strides.back()};
    const bool together = input.strides[1] == 1 && output.strides[1] == 1;
    channels_ = together ? input.dims[1] : 1;
    const Dims dims = {input.dims[0], together ? 1 : input.dims[1]};
    images_ = StridedLoop<2>(dims, {Dims{output.strides[0], output.strides[1]},
                                    Dims{input.strides[0], input.strides[1]}});
  }

  static std::pair<op::Pair, op::Pair> Sizes(const KernelRequest& request) {
    const auto sizes = [](const TensorView& view) {
      return op::Pair{view.dims.size() == 3 ? 1 : view.dims[2], view.dims.back()};
    };
    return {sizes(request.inputs[0]), sizes(request.outputs[0])};
  }

  void PoolImage(const T* from, T* to) const {
    for (std::size_t y = 0; y < y_.windows.size(); ++y) {
      for (std::size_t x = 0; x < x_.windows.size(); ++x) {
        T* const position =
            to + static_cast<std::int64_t>(y) * to_[0] + static_cast<std::int64_t>(x) * to_[1];
        for (std::int64_t c = 0; c < channels_; c += kLanes) {
          const std::int64_t lanes = std::min(kLanes, channels_ - c);
          PoolWindow(from + c, y_.windows[y], x_.windows[x], position + c, lanes);
        }
      }
    }
  }

  void PoolWindow(const T* from, const Window& y, const Window& x, T* to,
                  std::int64_t lanes) const {
    T values[kLanes];
    std::fill_n(values, lanes, average_ ? T{0} : Least());
    for (std::int64_t i = y.begin; i < y.end; i += y_.step) {
      for (std::int64_t j = x.begin; j < x.end; j += x_.step) {
        const T* const row = from + i * from_[0] + j * from_[1];
        if (average_) {
          Add(row, values, lanes);
        } else {
          for (std::int64_t c = 0; c < lanes; ++c) values[c] = Largest(row[c], values[c]);
        }
      }
    }
    if (average_) Divide(values, Divisor(y, x), lanes);
    std::copy_n(values, lanes, to);
  }

  // There are no averages of bytes.
  static void Add(const T* row, T* values, std::int64_t lanes) {
    if constexpr (!std::same_as<T, std::uint8_t>) {
      for (std::int64_t c = 0; c < lanes; ++c) values[c] += row[c];
    }
  }
  static void Divide(T* values, std::int64_t divisor, std::int64_t lanes) {
    if constexpr (!std::same_as<T, std::uint8_t>) {
      for (std::int64_t c = 0; c < lanes; ++c) values[c] /= static_cast<T>(divisor);
    }
  }

  std::int64_t Divisor(const Window& y, const Window& x) const {
    if (divisor_ != 0) return divisor_;
    if (count_padding_) return y.padded * x.padded;
    return std::max<std::int64_t>(y.end - y.begin, 0) * std::max<std::int64_t>(x.end - x.begin, 0);
  }

  static constexpr T Least() {
    using Limits = std::numeric_limits<T>;
    return Limits::has_infinity ? -Limits::infinity() : Limits::min();
  }

  bool average_;
  bool count_padding_ = false;
  std::int64_t divisor_ = 0;
  std::int64_t channels_ = 1;
  op::Pair from_, to_;  // strides of height and width
  Axis y_, x_;
  StridedLoop<2> images_;
};

}  // namespace

KernelPtr Make(const op::Pool& op, const KernelRequest& request) {
  if (request.inputs[0].dtype == DType::kUInt8 && !op.average) {
    return std::make_unique<PoolKernel<std::uint8_t>>(op, request);
  }
  if (op.average) return MakeFloating<PoolKernel>(op, request);
  return MakeNumeric<PoolKernel>(op, request);
}

KernelPtr Make(const op::AdaptivePool& op, const KernelRequest& request) {
  if (op.average) return MakeFloating<PoolKernel>(op, request);
  return MakeNumeric<PoolKernel>(op, request);
}

}  // namespace fedge::portable
