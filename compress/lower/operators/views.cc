#include <algorithm>
#include <numeric>

#include "fedge/lower/operators/support.h"

// Shapes and orders of dimensions: what shares its elements with its argument.
namespace fedge::lower {
namespace {

// A size of -1 is what is left over.
Shape Resolve(const TensorValue& x, Shape sizes) {
  const auto open = std::ranges::find(sizes, Dim(-1));
  if (open == sizes.end()) return sizes;
  *open = Dim(1);
  const Dim known = Product(sizes, 0, sizes.size());
  const auto elements = NumElements(x.shape);
  const auto left = elements ? DivideExactly(*elements, known) : std::nullopt;
  if (!left) {
    Refuse("{} can't be viewed as {} for every batch; was the model traced with a fixed batch?",
           ToString(x.shape), ToString(sizes));
  }
  *open = *left;
  return sizes;
}

Outputs View(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (!call.Knows("size") && !call.Knows("shape")) {
    if (call.Knows("dtype")) Refuse("reinterprets the bytes of elements");
    return call.builder().Reshape(x, call.Tensor("other").shape);
  }
  return call.builder().Reshape(x, Resolve(x, call.Sizes(call.Knows("size") ? "size" : "shape")));
}

Outputs Flatten(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (x.shape.empty()) return call.builder().Reshape(x, {Dim(1)});
  const auto first = static_cast<std::size_t>(call.Axis("start_dim", x.rank()));
  const auto last = static_cast<std::size_t>(call.Axis("end_dim", x.rank()));
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(first));
  shape.push_back(Product(x.shape, first, last + 1));
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(last + 1), x.shape.end());
  return call.builder().Reshape(x, std::move(shape));
}

Outputs Unflatten(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const auto dim = static_cast<std::size_t>(call.Axis("dim", x.rank()));
  TensorValue part = x;
  part.shape = {x.shape[dim]};
  const Shape sizes = Resolve(part, call.Sizes("sizes"));
  Shape shape = x.shape;
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(dim));
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(dim), sizes.begin(), sizes.end());
  return call.builder().Reshape(x, std::move(shape));
}

// Dimensions whose size is 1, all of them or those that are given.
Outputs SqueezeDims(const Call& call) {
  const TensorValue x = call.Tensor("self");
  std::vector<std::int64_t> axes(x.shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (call.Knows("dim")) axes = call.Axes("dim", x.rank());
  Shape shape;
  for (std::size_t i = 0; i < x.shape.size(); ++i) {
    const bool asked = std::ranges::find(axes, static_cast<std::int64_t>(i)) != axes.end();
    if (!asked || !AlwaysEqual(x.shape[i], Dim(1))) shape.push_back(x.shape[i]);
  }
  return call.builder().Reshape(x, std::move(shape));
}

Outputs UnsqueezeDim(const Call& call) {
  const TensorValue x = call.Tensor("self");
  return Unsqueeze(call.builder(), x, call.Axis("dim", x.rank() + 1));
}

Outputs Permute(const Call& call) {
  const TensorValue x = call.Tensor("self");
  std::vector<std::int64_t> order = call.Ints("dims");
  for (std::int64_t& axis : order) axis = NormalizeAxis(axis, x.rank());
  return call.builder().Permute(x, std::move(order));
}

Outputs SwapDims(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (call.name() == "aten::t" || call.name() == "aten::numpy_T") {
    std::vector<std::int64_t> backwards(static_cast<std::size_t>(x.rank()));
    std::iota(backwards.rbegin(), backwards.rend(), 0);
    return call.builder().Permute(x, std::move(backwards));
  }
  if (call.name() == "aten::mT") return Transpose(call.builder(), x, x.rank() - 2, x.rank() - 1);
  const bool axes = call.Knows("axis0");
  return Transpose(call.builder(), x, call.Axis(axes ? "axis0" : "dim0", x.rank()),
                   call.Axis(axes ? "axis1" : "dim1", x.rank()));
}

Outputs MoveDims(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::vector<std::int64_t> from = call.Ints("source");
  const std::vector<std::int64_t> to = call.Ints("destination");
  std::vector<std::int64_t> order(x.shape.size(), -1);
  std::vector<bool> moved(x.shape.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t source = NormalizeAxis(from[i], x.rank());
    order.at(static_cast<std::size_t>(NormalizeAxis(to.at(i), x.rank()))) = source;
    moved.at(static_cast<std::size_t>(source)) = true;
  }
  std::size_t next = 0;
  for (std::int64_t& axis : order) {
    if (axis >= 0) continue;
    while (moved[next]) ++next;
    axis = static_cast<std::int64_t>(next++);
  }
  return call.builder().Permute(x, std::move(order));
}

// -1 keeps a size.
Outputs Expand(const Call& call) {
  const TensorValue x = call.Tensor("self");
  if (call.Knows("other")) return call.builder().Expand(x, call.Tensor("other").shape);
  Shape shape = call.Sizes("size");
  if (shape.size() < x.shape.size()) Refuse("expands {} to fewer dimensions", ToString(x.shape));
  const std::size_t added = shape.size() - x.shape.size();
  for (std::size_t i = added; i < shape.size(); ++i) {
    if (shape[i] == Dim(-1)) shape[i] = x.shape[i - added];
  }
  return call.builder().Expand(x, std::move(shape));
}

Outputs Same(const Call& call) { return call.Tensor("self"); }

}  // namespace

void AddViews(OperatorTable& table) {
  using enum Aliasing;
  table.Add({"view", "view_as"}, View, kView);
  table.Add({"reshape", "reshape_as", "_reshape_alias", "_unsafe_view"}, View, kPerhapsView);
  table.Add({"flatten"}, Flatten, kPerhapsView);
  table.Add({"unflatten"}, Unflatten, kView);
  table.Add({"squeeze"}, SqueezeDims, kView);
  table.Add({"unsqueeze"}, UnsqueezeDim, kView);
  table.Add({"permute"}, Permute, kView);
  table.Add({"t", "numpy_T", "mT", "transpose", "swapaxes", "swapdims"}, SwapDims, kView);
  table.Add({"movedim", "moveaxis"}, MoveDims, kView);
  table.Add({"expand", "expand_as"}, Expand, kView);
  table.Add({"detach", "alias"}, Same, kView);
  table.Add({"contiguous", "requires_grad", "cpu"}, Same, kPerhapsView);
}

}  // namespace fedge::lower
