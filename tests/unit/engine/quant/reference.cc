#include "reference.h"

#include <algorithm>
#include <cmath>

namespace fedge::testing {

float Saturate(float x) { return std::clamp(std::nearbyint(x), 0.0F, 255.0F) + 0.0F; }  // no -0

namespace {

// {N, C, H, W}.
Dims Four(const Dims& dims) {
  if (dims.size() == 4) return dims;
  return {dims[0], dims[1], 1, dims[2]};
}

std::size_t Index(const Dims& dims, const Dims& at) {
  std::int64_t index = 0;
  for (std::size_t d = 0; d < 4; ++d) index = index * dims[d] + at[d];
  return static_cast<std::size_t>(index);
}

}  // namespace

Dims ConvOutput(const op::Conv& op, const ByteTensor& x, const ByteTensor& weight) {
  Dims dims = {x.dims[0], weight.dims[0]};
  for (std::size_t d = 2; d < x.dims.size(); ++d) {
    const std::size_t axis = d + 2 - x.dims.size();
    const std::int64_t reach = op.dilation[axis] * (weight.dims[d] - 1) + 1;
    dims.push_back((x.dims[d] + op.pad_begin[axis] + op.pad_end[axis] - reach) / op.stride[axis] +
                   1);
  }
  return dims;
}

std::vector<std::int64_t> ConvSums(const op::Conv& op, const ByteTensor& x,
                                   const ByteTensor& weight, const Dims& output, float padding) {
  const Dims in = Four(x.dims), kernel = Four(weight.dims), out = Four(output);
  std::vector<std::int64_t> sums;
  const std::int64_t per_group = out[1] / op.groups;
  for (std::int64_t n = 0; n < out[0]; ++n) {
    for (std::int64_t o = 0; o < out[1]; ++o) {
      for (std::int64_t y = 0; y < out[2]; ++y) {
        for (std::int64_t z = 0; z < out[3]; ++z) {
          std::int64_t sum = 0;
          for (std::int64_t c = 0; c < kernel[1]; ++c) {
            for (std::int64_t i = 0; i < kernel[2]; ++i) {
              for (std::int64_t j = 0; j < kernel[3]; ++j) {
                const std::int64_t line = y * op.stride[0] + i * op.dilation[0] - op.pad_begin[0];
                const std::int64_t column = z * op.stride[1] + j * op.dilation[1] - op.pad_begin[1];
                const bool inside = line >= 0 && line < in[2] && column >= 0 && column < in[3];
                const float byte =
                    inside ? x.elements[Index(in, {n, o / per_group * kernel[1] + c, line, column})]
                           : padding;
                sum += static_cast<std::int64_t>(byte) *
                       static_cast<std::int64_t>(weight.elements[Index(kernel, {o, c, i, j})]);
              }
            }
          }
          sums.push_back(sum);
        }
      }
    }
  }
  return sums;
}

std::vector<std::int64_t> LinearSums(const ByteTensor& x, const ByteTensor& weight) {
  const std::int64_t depth = weight.dims[1];
  std::vector<std::int64_t> sums;
  for (std::int64_t r = 0; r < x.size() / depth; ++r) {
    for (std::int64_t m = 0; m < weight.dims[0]; ++m) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < depth; ++k) {
        sum += static_cast<std::int64_t>(x.elements[static_cast<std::size_t>(r * depth + k)]) *
               static_cast<std::int64_t>(weight.elements[static_cast<std::size_t>(m * depth + k)]);
      }
      sums.push_back(sum);
    }
  }
  return sums;
}

std::vector<float> Requantized(const std::vector<std::int64_t>& sums, std::int64_t inner,
                               const ByteTensor& bias, const ByteTensor& scale, DType dtype) {
  std::vector<float> output;
  const std::size_t channels = bias.elements.size();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t c = i / static_cast<std::size_t>(inner) % channels;
    const float product = (static_cast<float>(sums[i]) + bias.elements[c]) * scale.elements[c];
    output.push_back(dtype == DType::kUInt8 ? Saturate(product) : product);
  }
  return output;
}

DynamicBytes QuantizeDynamically(const float* numbers, std::int64_t count) {
  DynamicBytes made;
  float least = 0, largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(numbers[i])) made.finite = false;
    least = std::min(least, numbers[i]);
    largest = std::max(largest, numbers[i]);
  }
  if (!made.finite) {
    made.bytes.assign(static_cast<std::size_t>(count), 0.0F);
    return made;
  }
  const float scale = (largest - least) / 255.0F;
  if (std::isnormal(scale)) made.scale = scale;
  const float inverse = 1.0F / made.scale;
  made.zero_point = Saturate(-least * inverse);
  for (std::int64_t i = 0; i < count; ++i) {
    made.bytes.push_back(
        std::clamp(std::nearbyint(numbers[i] * inverse) + made.zero_point, 0.0F, 255.0F));
  }
  return made;
}

}  // namespace fedge::testing
