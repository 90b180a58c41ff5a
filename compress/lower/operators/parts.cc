#include <algorithm>

#include "fedge/lower/operators/support.h"

// Slices and what tensors are split into: views.
namespace fedge::lower {
namespace {

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
  for (std::int64_t left = size.base; left > 0; left -= each)
    sizes.emplace_back(std::min(left, each));
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
    parts.push_back(Squeeze(call.builder(), call.builder().Slice(x, dim, i, Dim(1)), dim));
  }
  return {Outputs::Kind::kList, std::move(parts)};
}

}  // namespace

void AddParts(OperatorTable& table) {
  using enum Aliasing;
  table.Add({"slice"}, Slice, kView);
  table.Add({"narrow"}, Narrow, kView);
  table.Add({"select"}, Select, kView);
  table.Add({"split", "split_with_sizes"}, Split, kView);
  table.Add({"chunk"}, Chunk, kView);
  table.Add({"tensor_split"}, TensorSplit, kView);
  table.Add({"unbind"}, Unbind, kView);
}

}  // namespace fedge::lower
