#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "fedge/tensor/dtype.h"

// The arithmetic of an average on a piece of one storage, in memory. Bytes are little-endian
// elements of `dtype`, aligned for them. Every element on its own: where pieces begin and end
// changes no bit.
namespace fedge {

// sum[i] += weight * double(delta[i]).
void AddWeighted(DType dtype, std::span<const std::byte> delta, double weight,
                 std::span<double> sum);

// out[i] = T(double(base[i]) + sum[i] / total_weight), rounded once to nearest even. `base` need
// not be aligned. Returns the first element that is finite in the base and not in `out`.
std::optional<std::size_t> AddMean(DType dtype, std::span<const std::byte> base,
                                   std::span<const double> sum, double total_weight,
                                   std::span<std::byte> out);

// maximum[i] = max(maximum[i], values[i]), for integers and bool.
void TakeMaximum(DType dtype, std::span<const std::byte> values, std::span<std::byte> maximum);

}  // namespace fedge
