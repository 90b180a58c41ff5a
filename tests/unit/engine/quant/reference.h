#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "byte_tensor.h"

// Integer layers written down as ops.h defines them, one output at a time.
namespace fedge::testing {

// sat(rne(x)).
float Saturate(float x);

// Exact sums of a convolution in row-major order; what lies outside is `padding`.
std::vector<std::int64_t> ConvSums(const op::Conv& op, const ByteTensor& x,
                                   const ByteTensor& weight, const Dims& output, float padding);
Dims ConvOutput(const op::Conv& op, const ByteTensor& x, const ByteTensor& weight);
std::vector<std::int64_t> LinearSums(const ByteTensor& x, const ByteTensor& weight);

// Of sums whose channels are `inner` elements apart.
std::vector<float> Requantized(const std::vector<std::int64_t>& sums, std::int64_t inner,
                               const ByteTensor& bias, const ByteTensor& scale, DType dtype);

// One range of numbers, and their bytes.
struct DynamicBytes {
  float scale = 1;
  float zero_point = 0;
  bool finite = true;
  std::vector<float> bytes;
};
DynamicBytes QuantizeDynamically(const float* numbers, std::int64_t count);

}  // namespace fedge::testing
