#include <cmath>

#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

// Scale factors as given: height and width, 0 where they are not.
std::vector<double> Scales(const Call& call, std::size_t dims) {
  std::vector<double> scales(dims, 0);
  if (call.Knows("scale_factors") && call.Has("scale_factors")) {
    const auto* list = std::get_if<std::shared_ptr<Sequence>>(&call.Get("scale_factors"));
    if (list == nullptr || (*list)->elements.size() != dims) Refuse("has no list of scale factors");
    for (std::size_t i = 0; i < dims; ++i) {
      const auto* leaf = std::get_if<c10::IValue>(&(*list)->elements[i]);
      if (leaf == nullptr || !leaf->isDouble()) Refuse("has scale factors that are not known");
      scales[i] = leaf->toDouble();
    }
  } else if (dims == 1 && call.Knows("scales")) {
    scales[0] = call.Number("scales", 0);
  } else if (dims == 2 && call.Knows("scales_h")) {
    scales = {call.Number("scales_h", 0), call.Number("scales_w", 0)};
  }
  return scales;
}

TensorValue EmitResize(const Call& call, op::Resize::Mode mode) {
  const TensorValue x = call.Tensor(call.Knows("input") ? "input" : "self");
  if (x.rank() != 3 && x.rank() != 4) Refuse("takes {}", ToString(x.shape));
  const std::size_t dims = x.shape.size() - 2;
  const std::vector<double> scales = Scales(call, dims);
  TensorType type{ToDType(x.dtype), x.shape};
  for (std::size_t i = 0; i < dims; ++i) {
    Dim& size = type.shape[i + 2];
    if (call.Has("output_size")) {
      size = call.Sizes("output_size").at(i);
    } else if (scales[i] > 0 && size.is_constant()) {
      size = Dim(static_cast<std::int64_t>(std::floor(static_cast<double>(size.base) * scales[i])));
    } else {
      Refuse("has no size");
    }
  }
  op::Resize resize{.mode = mode};
  if (call.Knows("align_corners")) resize.align_corners = call.Bool("align_corners");
  resize.scale_width = scales.back();
  if (dims == 2) resize.scale_height = scales.front();
  return call.builder().Emit(resize, {x}, std::move(type));
}

Outputs Nearest(const Call& call) { return EmitResize(call, op::Resize::Mode::kNearest); }
Outputs Linear(const Call& call) { return EmitResize(call, op::Resize::Mode::kLinear); }

}  // namespace

void AddResizing(OperatorTable& table) {
  table.Add({"upsample_nearest1d", "upsample_nearest2d"}, Nearest);
  table.Add({"upsample_linear1d", "upsample_bilinear2d"}, Linear);
}

}  // namespace fedge::lower
