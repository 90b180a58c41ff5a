#include <algorithm>
#include <numeric>

#include "fedge/lower/operators/support.h"

// Shapes, orders of dimensions, and parts: what shares its elements with its argument.
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
    if (!asked || x.shape[i] != Dim(1)) shape.push_back(x.shape[i]);
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
    return x.rank() < 2 ? x : Transpose(call.builder(), x, 0, 1);
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

// Where index `given` of a dimension lies, as Python counts.
Dim Bound(const Abstract& given, const Dim& size, const Dim& otherwise) {
  if (IsNone(given)) return otherwise;
  Dim index = ToDim(given, "index");
  if (AlwaysLess(index, Dim(0))) index = Plus(index, size);
  if (AlwaysLess(index, Dim(0))) return {0};
  return AlwaysLess(size, index) ? size : index;
}

Outputs Slice(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  const Dim start = Bound(call.Get("start"), size, Dim(0));
  const std::int64_t step = call.Int("step");
  if (start == size) return call.builder().Slice(x, dim, 0, Dim(0), 1);
  const Dim end = Bound(call.Get("end"), size, size);
  if (!start.is_constant()) Refuse("takes a slice from {} on", ToString(start));
  if (AlwaysLess(end, start)) return call.builder().Slice(x, dim, 0, Dim(0), 1);
  const auto taken = DivideRoundingDown(Plus(Minus(end, start), Dim(step - 1)), step);
  if (!taken) Refuse("takes every {}th of {}", step, ToString(size));
  return call.builder().Slice(x, dim, start.base, *taken, step);
}

Outputs Narrow(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim start = Bound(call.Get("start"), x.shape.at(static_cast<std::size_t>(dim)), Dim(0));
  return call.builder().Slice(x, dim, ToInt(FromDim(start), "start"), call.Size("length"));
}

Outputs Select(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  Dim index = call.Size("index");
  if (AlwaysLess(index, Dim(0))) index = Plus(index, size);
  if (!index.is_constant()) Refuse("selects index {}", ToString(index));
  return Squeeze(call.builder(), call.builder().Slice(x, dim, index.base, Dim(1)), dim);
}

Outputs SplitAt(const Call& call, const TensorValue& x, std::int64_t dim,
                const std::vector<Dim>& sizes) {
  std::vector<TensorValue> parts;
  Dim start(0);
  for (const Dim& size : sizes) {
    if (!start.is_constant()) Refuse("splits along the batch");
    parts.push_back(call.builder().Slice(x, dim, start.base, size));
    start = Plus(start, size);
  }
  return {Outputs::Kind::kList, std::move(parts)};
}

// In parts of `each`; the last one is what is left.
std::vector<Dim> Parts(const Dim& size, std::int64_t each) {
  if (!size.is_constant()) Refuse("splits along the batch");
  if (each < 1) Refuse("splits into parts of {}", each);
  std::vector<Dim> sizes;
  for (std::int64_t left = size.base; left > 0; left -= each) sizes.emplace_back(std::min(left, each));
  return sizes;
}

Outputs Split(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  const char* argument = call.Knows("split_sizes") ? "split_sizes" : "split_size";
  if (AsDim(call.Get(argument)).has_value()) {
    const Dim each = call.Size(argument);
    if (each == size) return SplitAt(call, x, dim, {size});
    return SplitAt(call, x, dim, Parts(size, ToInt(FromDim(each), "split_size")));
  }
  return SplitAt(call, x, dim, call.Sizes(argument));
}

Outputs Chunk(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const Dim size = x.shape.at(static_cast<std::size_t>(dim));
  const std::int64_t chunks = call.Int("chunks");
  if (chunks == 1) return SplitAt(call, x, dim, {size});
  if (!size.is_constant() || chunks < 1) Refuse("splits along the batch");
  return SplitAt(call, x, dim, Parts(size, (size.base + chunks - 1) / chunks));
}

// Into sections that differ by one at most, or before the indices.
Outputs TensorSplit(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const std::int64_t size = ToInt(FromDim(x.shape.at(static_cast<std::size_t>(dim))), "size");
  std::vector<Dim> sizes;
  if (call.Knows("sections")) {
    const std::int64_t sections = call.Int("sections");
    if (sections < 1) Refuse("splits into {} parts", sections);
    for (std::int64_t i = 0; i < sections; ++i) {
      sizes.emplace_back(size / sections + (i < size % sections ? 1 : 0));
    }
    return SplitAt(call, x, dim, sizes);
  }
  std::int64_t last = 0;
  for (const std::int64_t index : call.Ints("indices")) {
    sizes.emplace_back(index - last);
    last = index;
  }
  sizes.emplace_back(size - last);
  return SplitAt(call, x, dim, sizes);
}

Outputs Unbind(const Call& call) {
  const TensorValue x = call.Tensor("self");
  const std::int64_t dim = call.Axis("dim", x.rank());
  const std::int64_t size = ToInt(FromDim(x.shape.at(static_cast<std::size_t>(dim))), "size");
  std::vector<TensorValue> parts;
  for (std::int64_t i = 0; i < size; ++i) {
    parts.push_back(
        Squeeze(call.builder(), call.builder().Slice(x, dim, i, Dim(1)), dim));
  }
  return {Outputs::Kind::kList, std::move(parts)};
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
  table.Add({"slice"}, Slice, kView);
  table.Add({"narrow"}, Narrow, kView);
  table.Add({"select"}, Select, kView);
  table.Add({"split", "split_with_sizes"}, Split, kView);
  table.Add({"chunk"}, Chunk, kView);
  table.Add({"tensor_split"}, TensorSplit, kView);
  table.Add({"unbind"}, Unbind, kView);
  table.Add({"detach", "alias"}, Same, kView);
  table.Add({"contiguous", "requires_grad", "cpu"}, Same, kPerhapsView);
}

}  // namespace fedge::lower
