#include "fedge/engine/portable/conv_plan.h"

namespace fedge::portable {
namespace {

op::Pair SpatialSizes(std::span<const std::int64_t> dims) {
  return {dims.size() == 4 ? dims[2] : 1, dims.back()};
}

// Along one dimension.
struct AxisTap {
  std::int64_t kernel;
  std::int64_t delta;
};
struct AxisPhase {
  std::int64_t first, step, count, input_step;
  std::vector<AxisTap> taps;
};

std::vector<AxisPhase> PlanAxis(const op::Conv& op, const ConvShape& shape, std::size_t axis) {
  const std::int64_t stride = op.stride[axis];
  const std::int64_t pad = op.pad_begin[axis];
  std::vector<AxisPhase> phases;
  if (!op.transposed) {
    phases.push_back({0, 1, shape.output[axis], stride, {}});
    for (std::int64_t k = 0; k < shape.kernel[axis]; ++k) {
      phases[0].taps.push_back({k, k * op.dilation[axis] - pad});
    }
    return phases;
  }
  for (std::int64_t first = 0; first < std::min(stride, shape.output[axis]); ++first) {
    phases.push_back({first, stride, (shape.output[axis] - first + stride - 1) / stride, 1, {}});
    for (std::int64_t k = 0; k < shape.kernel[axis]; ++k) {
      const std::int64_t distance = first + pad - k * op.dilation[axis];
      if (distance % stride == 0) phases.back().taps.push_back({k, distance / stride});
    }
  }
  return phases;
}

}  // namespace

ConvShape::ConvShape(const op::Conv& op, const KernelRequest& request)
    : batch(request.inputs[0].dims[0]),
      channels(request.inputs[0].dims[1]),
      groups(op.groups),
      input(SpatialSizes(request.inputs[0].dims)),
      kernel(SpatialSizes(request.inputs[1].dims)),
      output(SpatialSizes(request.outputs[0].dims)),
      outputs(request.outputs[0].dims[1]) {}

std::vector<ConvPhase> PlanConv(const op::Conv& op, const ConvShape& shape) {
  std::vector<ConvPhase> phases;
  for (const AxisPhase& y : PlanAxis(op, shape, 0)) {
    for (const AxisPhase& x : PlanAxis(op, shape, 1)) {
      ConvPhase phase{{y.first, x.first},
                      {y.step, x.step},
                      {y.count, x.count},
                      {y.input_step, x.input_step},
                      {}};
      for (const AxisTap& v : y.taps) {
        for (const AxisTap& h : x.taps) {
          phase.taps.push_back({{v.kernel, h.kernel}, {v.delta, h.delta}});
        }
      }
      phases.push_back(std::move(phase));
    }
  }
  return phases;
}

std::array<std::int64_t, 4> ImageStrides(std::span<const std::int64_t> strides) {
  if (strides.size() == 4) return {strides[0], strides[1], strides[2], strides[3]};
  return {strides[0], strides[1], 0, strides[2]};
}

}  // namespace fedge::portable
