#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fedge {

// One size of a tensor in a program, which grows with the batch N: base + per_batch * N, N >= 1.
// A convolution's [N, 3, 224, 224] and an attention's [8 * N, 64, 64] are both of this kind.
struct Dim {
  std::int64_t base = 0;
  std::int64_t per_batch = 0;

  constexpr Dim() = default;
  constexpr Dim(std::int64_t constant) : base(constant) {}  // NOLINT: sizes are mostly constants
  constexpr Dim(std::int64_t constant, std::int64_t per_batch_item)
      : base(constant), per_batch(per_batch_item) {}

  constexpr bool is_constant() const { return per_batch == 0; }
  // The size at a batch of `batch`.
  constexpr std::int64_t At(std::int64_t batch) const { return base + per_batch * batch; }
  friend constexpr bool operator==(const Dim&, const Dim&) = default;
};

// "3", "N", "8N", "N+1".
std::string ToString(const Dim& dim);

using Shape = std::vector<Dim>;
using Dims = std::vector<std::int64_t>;  // a shape at one batch

// "[N, 3, 224, 224]".
std::string ToString(const Shape& shape);
Dims At(const Shape& shape, std::int64_t batch);

// Exact over every batch, or nullopt: an overflow, a product of two sizes that both grow, a
// quotient that is no such size.
std::optional<Dim> Add(const Dim& a, const Dim& b);
std::optional<Dim> Subtract(const Dim& a, const Dim& b);
std::optional<Dim> Multiply(const Dim& a, const Dim& b);
std::optional<Dim> DivideExactly(const Dim& a, const Dim& b);
// floor(a / b) for b >= 1, at every batch.
std::optional<Dim> DivideRoundingDown(const Dim& a, std::int64_t b);
std::optional<Dim> NumElements(const Shape& shape);

}  // namespace fedge
