#include "fedge/program/infer_support.h"

#include <algorithm>
#include <string>

namespace fedge::internal {

Status CheckArity(Inputs inputs, std::initializer_list<std::string_view> names) {
  bool fits = inputs.size() == names.size();
  for (std::size_t i = 0; fits && i < inputs.size(); ++i) {
    fits = inputs[i] != nullptr || names.begin()[i].ends_with('?');
  }
  if (fits) return OkStatus();
  const auto given =
      inputs.size() - static_cast<std::size_t>(std::count(inputs.begin(), inputs.end(), nullptr));
  return InvalidArgument("takes {}; it has {} inputs, of which {} are absent",
                         fmt::join(names, ", "), inputs.size(), inputs.size() - given);
}

Result<TensorType> OnlyDeclared(Declared declared) {
  if (declared.size() == 1) return declared[0];
  return InvalidArgument("takes its output's type from the program, which declares {} outputs",
                         declared.size());
}

Status CheckFloating(std::string_view name, const TensorType& type) {
  if (IsFloatingPoint(type.dtype)) return OkStatus();
  return InvalidArgument("{} is {}, but must be floating-point", name, DTypeName(type.dtype));
}

Status CheckNumeric(std::string_view name, const TensorType& type) {
  if (type.dtype != DType::kBool) return OkStatus();
  return InvalidArgument("{} is bool, but must be a number", name);
}

Status CheckSameDType(std::string_view name, const TensorType& type, const TensorType& x) {
  if (type.dtype == x.dtype) return OkStatus();
  return InvalidArgument("{} is {}, but the first is {}", name, DTypeName(type.dtype),
                         DTypeName(x.dtype));
}

Status CheckRank(std::string_view name, const TensorType& type, std::size_t rank) {
  if (type.shape.size() == rank) return OkStatus();
  return InvalidArgument("{} is {}, but must have {} dimensions", name, ToString(type.shape), rank);
}

Status CheckShape(std::string_view name, const TensorType* type, const Shape& expected) {
  if (type == nullptr || type->shape == expected) return OkStatus();
  return InvalidArgument("{} is {}, but must be {}", name, ToString(type->shape),
                         ToString(expected));
}

Status CheckDim(std::int64_t dim, std::size_t rank) {
  if (dim >= 0 && static_cast<std::uint64_t>(dim) < rank) return OkStatus();
  return InvalidArgument("dim is {}, but x has {} dimensions", dim, rank);
}

Status CheckAttribute(std::string_view name, std::int64_t value, std::int64_t least) {
  if (value >= least && value < kMaxAttribute) return OkStatus();
  return InvalidArgument("{} is {}, but must be {} or more{}", name, value, least,
                         value < least ? "" : " and below 2^31");
}

Result<Shape> Broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  const std::size_t offset = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    Dim& dim = result[offset + i];
    if (dim == Dim(1)) {
      dim = shorter[i];
    } else if (shorter[i] != dim && shorter[i] != Dim(1)) {
      return InvalidArgument("{} and {} do not broadcast", ToString(a), ToString(b));
    }
  }
  return result;
}

bool BroadcastsTo(const Shape& shape, const Shape& target) {
  if (shape.size() > target.size()) return false;
  return std::equal(shape.rbegin(), shape.rend(), target.rbegin(),
                    [](const Dim& from, const Dim& to) { return from == to || from == Dim(1); });
}

bool AtMost(const Dim& a, const Dim& b) {
  const auto difference = Subtract(b, a);
  std::int64_t growth = 0;
  std::int64_t largest = 0;
  if (!difference.has_value() ||
      __builtin_mul_overflow(difference->per_batch, kMaxBatch, &growth) ||
      __builtin_add_overflow(difference->base, growth, &largest)) {
    return false;
  }
  // Linear in the batch: right at both ends is right between them.
  return difference->At(1) >= 0 && largest >= 0;
}

Result<Dim> Exactly(const std::optional<Dim>& dim, std::string_view what) {
  if (dim.has_value()) return *dim;
  return InvalidArgument("{} is too large, or does not grow with the batch as base + n * batch",
                         what);
}

}  // namespace fedge::internal
