#pragma once

#include <cstdint>
#include <vector>

#include "fedge/testing/program_builder.h"

namespace fedge::testing {

// A convolution of bytes with arbitrary weights, that keeps its input's height and width.
inline ValueId AddQuantConv(ProgramBuilder& b, ValueId x, std::int64_t channels,
                            std::int64_t kernel) {
  const std::int64_t in = b.program().values[x].shape[1].base;
  std::vector<std::int8_t> weights;
  for (std::int64_t i = 0; i < channels * in * kernel * kernel; ++i) {
    weights.push_back(static_cast<std::int8_t>(i * 37 % 129 - 64));
  }
  const auto count = static_cast<std::size_t>(channels);
  const op::QuantConv conv{.pad_begin = {kernel / 2, kernel / 2},
                           .pad_end = {kernel / 2, kernel / 2}};
  return b.Add(conv,
               {x, b.Constant({channels, in, kernel, kernel}, weights, DType::kInt8),
                b.Constant({channels}, std::vector<float>(count, 20000)),
                b.Constant({channels}, std::vector<float>(count, 0.004F))},
               {{DType::kUInt8, {}}});
}

}  // namespace fedge::testing
