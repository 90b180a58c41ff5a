#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fedge/tensor/dtype.h"

namespace fedge {

// The sum of the squares of elements that arrive in pieces, in float64: the same bits however the
// pieces are cut. Eight partial sums, one for every index modulo 8 within its tensor, so that the
// loop vectorises.
class SquareSum {
 public:
  // Whole elements of a floating-point dtype, in order; the first one's index in its tensor is
  // `first`. `bytes` may begin anywhere.
  void Add(DType dtype, std::uint64_t first, std::span<const std::byte> bytes);
  double Total() const;

 private:
  static constexpr std::size_t kLanes = 8;
  template <typename T, typename Widen>
  void AddElements(std::uint64_t first, std::span<const std::byte> bytes, Widen widen);

  std::array<double, kLanes> lanes_{};
};

}  // namespace fedge
