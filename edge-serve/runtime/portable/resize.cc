#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>

#include "fedge/engine/portable/staged.h"
#include "fedge/engine/portable/strided.h"

namespace fedge::portable {
namespace {

// One output position reads two neighbours along a dimension, the second one weighted.
template <class T>
struct Source {
  std::int64_t first, second;
  T weight;
};

// The arithmetic of torch/aten/src/ATen/native/UpSample.h, in float as there, so that positions on
// the edge between two pixels fall the same way.
template <class T>
Source<T> NearestSource(std::int64_t i, std::int64_t input, std::int64_t output, double scale) {
  std::int64_t source = i;
  if (output == 2 * input) {
    source = i / 2;
  } else if (output != input) {
    const float factor = scale > 0 ? static_cast<float>(1 / scale)
                                   : static_cast<float>(input) / static_cast<float>(output);
    source =
        std::min(static_cast<std::int64_t>(std::floor(static_cast<float>(i) * factor)), input - 1);
  }
  return {source, source, T{0}};
}

template <class T>
Source<T> LinearSource(const op::Resize& op, std::int64_t i, std::int64_t input,
                       std::int64_t output, double scale) {
  const auto position = [&]() -> T {
    const T at = static_cast<T>(i);
    if (op.align_corners) {
      if (output <= 1) return T{0};
      return at * (static_cast<T>(input - 1) / static_cast<T>(output - 1));
    }
    const T factor =
        scale > 0 ? static_cast<T>(1 / scale) : static_cast<T>(input) / static_cast<T>(output);
    return std::max(factor * (at + T(0.5)) - T(0.5), T{0});
  }();
  const std::int64_t first = std::min(static_cast<std::int64_t>(position), input - 1);
  const T weight = std::clamp(position - static_cast<T>(first), T{0}, T{1});
  return {first, first + (first < input - 1 ? 1 : 0), weight};
}

template <class T>
class ResizeKernel : public Kernel {
 public:
  ResizeKernel(const op::Resize& op, const KernelRequest& request)
      : nearest_(op.mode == op::Resize::Mode::kNearest) {
    const TensorSpec input(request.inputs[0]), output(request.outputs[0]);
    const bool flat = input.rank() == 3;
    from_ = {flat ? 0 : input.strides[2], input.strides.back()};
    to_ = {flat ? 0 : output.strides[2], output.strides.back()};
    y_ = Axis(op, flat ? 1 : input.dims[2], flat ? 1 : output.dims[2], op.scale_height);
    x_ = Axis(op, input.dims.back(), output.dims.back(), op.scale_width);
    // Channels that lie next to each other are computed together.
    const bool together = input.strides[1] == 1 && output.strides[1] == 1;
    channels_ = together ? input.dims[1] : 1;
    images_ = StridedLoop<2>(
        Dims{input.dims[0], together ? 1 : input.dims[1]},
        {Dims{output.strides[0], output.strides[1]}, Dims{input.strides[0], input.strides[1]}});
  }

  Status Run(const Arguments& arguments) const override {
    images_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t i = 0; i < count; ++i) {
        ResizeImage(arguments.inputs[0].as<const T>() + offsets[1] + i * steps[1],
                    arguments.outputs[0].as<T>() + offsets[0] + i * steps[0]);
      }
    });
    return OkStatus();
  }

 private:
  static constexpr bool kBlends = !std::same_as<T, std::uint8_t>;

  static std::vector<Source<T>> Axis(const op::Resize& op, std::int64_t input, std::int64_t output,
                                     double scale) {
    std::vector<Source<T>> sources;
    for (std::int64_t i = 0; i < output; ++i) {
      if constexpr (kBlends) {
        if (op.mode == op::Resize::Mode::kLinear) {
          sources.push_back(LinearSource<T>(op, i, input, output, scale));
          continue;
        }
      }
      sources.push_back(NearestSource<T>(i, input, output, scale));
    }
    return sources;
  }

  void ResizeImage(const T* from, T* to) const {
    for (const Source<T>& y : y_) {
      T* position = to;
      for (const Source<T>& x : x_) {
        if (nearest_) {
          std::copy_n(from + y.first * from_[0] + x.first * from_[1], channels_, position);
        } else if constexpr (kBlends) {
          Blend(from, y, x, position);
        }
        position += to_[1];
      }
      to += to_[0];
    }
  }

  void Blend(const T* from, const Source<T>& y, const Source<T>& x, T* to) const requires kBlends {
    const T* const a = from + y.first * from_[0] + x.first * from_[1];
    const T* const b = from + y.first * from_[0] + x.second * from_[1];
    const T* const c = from + y.second * from_[0] + x.first * from_[1];
    const T* const d = from + y.second * from_[0] + x.second * from_[1];
    for (std::int64_t i = 0; i < channels_; ++i) {
      to[i] = (T{1} - y.weight) * ((T{1} - x.weight) * a[i] + x.weight * b[i]) +
              y.weight * ((T{1} - x.weight) * c[i] + x.weight * d[i]);
    }
  }

  bool nearest_;
  std::int64_t channels_ = 1;
  op::Pair from_, to_;  // strides of height and width
  std::vector<Source<T>> y_, x_;
  StridedLoop<2> images_;
};

}  // namespace

KernelPtr Make(const op::Resize& op, const KernelRequest& request) {
  if (op.mode == op::Resize::Mode::kLinear) return MakeFloating<ResizeKernel>(op, request);
  if (request.inputs[0].dtype == DType::kUInt8) {
    return std::make_unique<ResizeKernel<std::uint8_t>>(op, request);
  }
  return MakeNumeric<ResizeKernel>(op, request);
}

}  // namespace fedge::portable
