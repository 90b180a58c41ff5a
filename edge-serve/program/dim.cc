#include "fedge/program/dim.h"

#include <algorithm>

#include <fmt/format.h>

namespace fedge {
namespace {

using Number = std::optional<std::int64_t>;

Number CheckedAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? Number() : sum;
}

Number CheckedSubtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  return __builtin_sub_overflow(a, b, &difference) ? Number() : difference;
}

Number CheckedMultiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? Number() : product;
}

// Of the two numbers, or of none.
std::optional<Dim> MakeDim(Number base, Number per_batch) {
  if (!base.has_value() || !per_batch.has_value()) return std::nullopt;
  return Dim(*base, *per_batch);
}

// Dividing the least number by -1 is the one quotient that overflows.
Number DivideEvenly(std::int64_t a, std::int64_t b) {
  if (b == 0 || (b == -1 && a == INT64_MIN) || a % b != 0) return std::nullopt;
  return a / b;
}

}  // namespace

std::string ToString(const Dim& dim) {
  if (dim.is_constant()) return fmt::format("{}", dim.base);
  std::string text = dim.per_batch == 1    ? "N"
                     : dim.per_batch == -1 ? "-N"
                                           : fmt::format("{}N", dim.per_batch);
  if (dim.base != 0) text += fmt::format("{:+}", dim.base);
  return text;
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (const Dim& dim : shape) {
    if (text.size() > 1) text += ", ";
    text += ToString(dim);
  }
  return text + "]";
}

Dims At(const Shape& shape, std::int64_t batch) {
  Dims dims(shape.size());
  std::transform(shape.begin(), shape.end(), dims.begin(),
                 [batch](const Dim& dim) { return dim.At(batch); });
  return dims;
}

std::optional<Dim> Add(const Dim& a, const Dim& b) {
  return MakeDim(CheckedAdd(a.base, b.base), CheckedAdd(a.per_batch, b.per_batch));
}

std::optional<Dim> Subtract(const Dim& a, const Dim& b) {
  return MakeDim(CheckedSubtract(a.base, b.base), CheckedSubtract(a.per_batch, b.per_batch));
}

std::optional<Dim> Multiply(const Dim& a, const Dim& b) {
  if (!a.is_constant() && !b.is_constant()) return std::nullopt;
  const Dim& grows = a.is_constant() ? b : a;
  const std::int64_t factor = a.is_constant() ? a.base : b.base;
  return MakeDim(CheckedMultiply(grows.base, factor), CheckedMultiply(grows.per_batch, factor));
}

std::optional<Dim> DivideExactly(const Dim& a, const Dim& b) {
  if (b.is_constant()) {
    return MakeDim(DivideEvenly(a.base, b.base), DivideEvenly(a.per_batch, b.base));
  }
  // Both grow: the quotient is the same constant in both parts.
  const Number quotient = DivideEvenly(a.per_batch, b.per_batch);
  if (!quotient.has_value() || CheckedMultiply(*quotient, b.base) != Number(a.base)) {
    return std::nullopt;
  }
  return Dim(*quotient);
}

std::optional<Dim> DivideRoundingDown(const Dim& a, std::int64_t b) {
  if (b < 1 || a.per_batch % b != 0) return std::nullopt;
  const std::int64_t quotient = a.base / b - (a.base % b < 0 ? 1 : 0);
  return Dim(quotient, a.per_batch / b);
}

std::optional<Dim> NumElements(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), Dim(0)) != shape.end()) return Dim(0);
  std::optional<Dim> product = Dim(1);
  for (const Dim& dim : shape) {
    product = Multiply(*product, dim);
    if (!product.has_value()) return std::nullopt;
  }
  return product;
}

}  // namespace fedge
