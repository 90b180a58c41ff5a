#include <cmath>

#include "fedge/engine/portable/elementwise.h"
#include "fedge/engine/portable/rows.h"
#include "fedge/engine/portable/scratch.h"
#include "fedge/engine/portable/staged.h"
#include "fedge/engine/portable/sum.h"

namespace fedge::portable {
namespace {

// y = x * scale + shift, broadcast: how every normalisation ends.
template <class T>
KernelPtr MakeScaleShift(const Node& node, const std::array<TensorView, 3>& inputs,
                         const TensorView& output) {
  return MakeElementwise<T, 3>({node, {}, inputs, {&output, 1}},
                               [](const std::array<const T*, 3>& in, T* out, std::int64_t count) {
                                 for (std::int64_t i = 0; i < count; ++i)
                                   out[i] = in[0][i] * in[1][i] + in[2][i];
                                 return true;
                               });
}

// One element of an optional vector.
template <class T>
T ElementOr(const TensorView& vector, const TensorView& data, std::int64_t i, T absent) {
  return data.data == nullptr ? absent : data.as<const T>()[i * vector.strides[0]];
}

template <class T>
class BatchNormKernel : public Kernel {
 public:
  BatchNormKernel(const op::BatchNorm& op, const KernelRequest& request)
      : eps_(op.eps), channels_(request.inputs[0].dims[1]) {
    for (std::size_t i = 1; i < 5; ++i) vectors_.emplace_back(request.inputs[i]);
    dims_.assign(request.inputs[0].dims.size() - 1, 1);
    dims_[0] = channels_;
    strides_ = RowMajorStrides(dims_);
    scale_ = plan_.Add<T>(channels_);
    shift_ = plan_.Add<T>(channels_);
    apply_ = MakeScaleShift<T>(request.node, {request.inputs[0], Vector(nullptr), Vector(nullptr)},
                               request.outputs[0]);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    T* const scale = ScratchAt<T>(arguments.scratch, scale_);
    T* const shift = ScratchAt<T>(arguments.scratch, shift_);
    for (std::int64_t c = 0; c < channels_; ++c) {
      const auto at = [&](std::size_t i, T absent) {
        return ElementOr(vectors_[i - 1].View(nullptr), arguments.inputs[i], c, absent);
      };
      scale[c] = at(1, T{1}) / std::sqrt(at(4, T{1}) + static_cast<T>(eps_));
      shift[c] = at(2, T{0}) - at(3, T{0}) * scale[c];
    }
    const std::array<TensorView, 3> inputs = {arguments.inputs[0], Vector(scale), Vector(shift)};
    return apply_->Run({inputs, arguments.outputs, {}});
  }

 private:
  // [C, 1, ...]: broadcast along the channels.
  TensorView Vector(T* data) const {
    return {reinterpret_cast<std::byte*>(data), DTypeOf<T>(), dims_, strides_};
  }

  double eps_;
  std::int64_t channels_;
  std::vector<TensorSpec> vectors_;
  Dims dims_, strides_;
  ScratchPlan plan_;
  std::size_t scale_ = 0, shift_ = 0;
  KernelPtr apply_;
};

// Over rows without gaps at the end of the tensors, staged as row-major.
template <class T>
class LayerNormKernel : public Kernel {
 public:
  LayerNormKernel(const op::LayerNorm& op, const KernelRequest& request) : eps_(op.eps) {
    TensorSpec output(request.outputs[0]);
    const TensorSpec input(request.inputs[0]);
    const std::size_t leading = output.rank() - static_cast<std::size_t>(op.num_dims);
    const std::span<const std::int64_t> dims(output.dims);
    const Dims row(dims.begin() + static_cast<std::ptrdiff_t>(leading), dims.end());
    to_row_ = FlatIndex(row, std::span(output.strides).subspan(leading));
    std::fill(output.dims.begin() + static_cast<std::ptrdiff_t>(leading), output.dims.end(), 1);
    if (to_row_.size() > 0) rows_ = StridedLoop<2>(output.dims, {output.strides, input.strides});
  }

  Status Run(const Arguments& arguments) const override {
    const T* const weight = InputOrNone(arguments.inputs, 1).template as<const T>();
    const T* const bias = InputOrNone(arguments.inputs, 2).template as<const T>();
    rows_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      for (std::int64_t i = 0; i < count; ++i) {
        RunRow(arguments.inputs[0].as<const T>() + offsets[1] + i * steps[1], weight, bias,
               arguments.outputs[0].as<T>() + offsets[0] + i * steps[0]);
      }
    });
    return OkStatus();
  }

 private:
  void RunRow(const T* x, const T* weight, const T* bias, T* to) const {
    const RowKernels<T>& rows = BestRowKernels<T>();
    const std::int64_t size = to_row_.size();
    const Moments moments = rows.moments(x, size);
    const T mean = static_cast<T>(moments.mean);
    const T scale = static_cast<T>(1 / std::sqrt(moments.variance + eps_));
    if (to_row_.contiguous()) return rows.normalise(x, {mean, scale, weight, bias}, size, to);
    for (std::int64_t i = 0; i < size; ++i) {
      const Normalisation<T> here = {mean, scale, weight == nullptr ? nullptr : weight + i,
                                     bias == nullptr ? nullptr : bias + i};
      rows.normalise(x + i, here, 1, to + to_row_(i));
    }
  }

  double eps_;
  FlatIndex to_row_;
  StridedLoop<2> rows_;
};

// Scale and shift of each image and channel, then element by element.
template <class T>
class GroupNormKernel : public Kernel {
 public:
  GroupNormKernel(const op::GroupNorm& op, const KernelRequest& request)
      : eps_(op.eps),
        groups_(op.groups),
        batch_(request.inputs[0].dims[0]),
        channels_(request.inputs[0].dims[1]),
        image_stride_(request.inputs[0].strides[0]),
        channel_stride_(request.inputs[0].strides[1]) {
    for (std::size_t i = 1; i < 3; ++i) vectors_.emplace_back(InputOrNone(request.inputs, i));
    const TensorSpec input(request.inputs[0]);
    Dims group = input.dims;
    group[0] = 1;
    group[1] /= groups_;
    group_ = StridedLoop<1>(group, {input.strides});
    for (std::size_t d = 1; d < group.size(); ++d) group_size_ *= group[d];
    dims_.assign(input.rank(), 1);
    dims_[0] = batch_;
    dims_[1] = channels_;
    strides_ = RowMajorStrides(dims_);
    scale_ = plan_.Add<T>(batch_ * channels_);
    shift_ = plan_.Add<T>(batch_ * channels_);
    apply_ = MakeScaleShift<T>(request.node, {request.inputs[0], Table(nullptr), Table(nullptr)},
                               request.outputs[0]);
  }

  std::size_t scratch_bytes() const override { return plan_.bytes(); }

  Status Run(const Arguments& arguments) const override {
    T* const scale = ScratchAt<T>(arguments.scratch, scale_);
    T* const shift = ScratchAt<T>(arguments.scratch, shift_);
    const std::int64_t per_group = channels_ / groups_;
    for (std::int64_t i = 0; i < batch_ * groups_; ++i) {
      const std::int64_t first = i % groups_ * per_group;
      const Moments moments = GroupMoments(arguments.inputs[0].as<const T>() +
                                           i / groups_ * image_stride_ + first * channel_stride_);
      for (std::int64_t c = first; c < first + per_group; ++c) {
        const auto at = [&](std::size_t v, T absent) {
          return ElementOr(vectors_[v - 1].View(nullptr), InputOrNone(arguments.inputs, v), c,
                           absent);
        };
        const double factor = static_cast<double>(at(1, T{1})) / std::sqrt(moments.variance + eps_);
        const std::int64_t to = i / groups_ * channels_ + c;
        scale[to] = static_cast<T>(factor);
        shift[to] = static_cast<T>(static_cast<double>(at(2, T{0})) - moments.mean * factor);
      }
    }
    const std::array<TensorView, 3> inputs = {arguments.inputs[0], Table(scale), Table(shift)};
    return apply_->Run({inputs, arguments.outputs, {}});
  }

 private:
  // term(row of one step, i) summed over the group.
  template <class Fn>
  double Sum(const T* x, Fn&& term) const {
    double sum = 0;
    group_.ForEachRow([&](const auto& offsets, std::int64_t count, const auto& steps) {
      const T* const row = x + offsets[0];
      const std::int64_t step = steps[0];
      sum += SumOf<double>(
          count, [=](std::int64_t i) { return term(static_cast<double>(row[i * step])); });
    });
    return sum;
  }

  Moments GroupMoments(const T* x) const {
    const auto size = static_cast<double>(group_size_);
    const double mean = Sum(x, [](double value) { return value; }) / size;
    const double variance =
        Sum(x, [=](double value) { return (value - mean) * (value - mean); }) / size;
    return {mean, variance};
  }

  // [N, C, 1, ...]
  TensorView Table(T* data) const {
    return {reinterpret_cast<std::byte*>(data), DTypeOf<T>(), dims_, strides_};
  }

  double eps_;
  std::int64_t groups_, batch_, channels_, image_stride_, channel_stride_;
  std::int64_t group_size_ = 1;
  std::vector<TensorSpec> vectors_;
  StridedLoop<1> group_;  // the elements of one group
  Dims dims_, strides_;
  ScratchPlan plan_;
  std::size_t scale_ = 0, shift_ = 0;
  KernelPtr apply_;
};

}  // namespace

KernelPtr Make(const op::BatchNorm& op, const KernelRequest& request) {
  return MakeFloating<BatchNormKernel>(op, request);
}

KernelPtr Make(const op::LayerNorm& op, const KernelRequest& request) {
  return MakeFloating<LayerNormKernel>(op, request,
                                       {Layout::kRowMajor, Layout::kRowMajor, Layout::kRowMajor});
}

KernelPtr Make(const op::GroupNorm& op, const KernelRequest& request) {
  return MakeFloating<GroupNormKernel>(op, request);
}

}  // namespace fedge::portable
