#pragma once

#include <cstdint>

namespace fedge::portable {

// The inner loops of integer layers, whose arithmetic ops.h defines: every set of them gives the
// same bytes.

// A tile of sums. Row r, column j: the sum over taps t, then elements i < length, of
//   rows[t * max_rows + r][shift + i] * weight(t, i, j).
// The weights of four elements lie together, those of each tap filled up with zeros:
//   panel[((t * groups + i / 4) * columns + j) * 4 + i % 4], groups = (length + 3) / 4.
struct QuantTile {
  const std::uint8_t* const* rows;
  std::int64_t num_rows;  // 1..max_rows
  std::int64_t num_taps;
  std::int64_t length;
  std::int64_t shift;
  const std::int8_t* panel;
  std::int32_t* sums;  // [num_rows][columns]
};

// One row of a convolution with one channel per group: column j is the sum over taps t of
//   rows[t * max_rows][shift + j] * weights[t * pitch + j].
struct QuantDepthwise {
  const std::uint8_t* const* rows;
  std::int64_t num_taps;
  std::int64_t num_columns;  // up to kMaxDepthwiseColumns
  std::int64_t shift;
  const std::int16_t* weights;
  std::int64_t pitch;
  std::int32_t* sums;
};

// Sums on their way into an output: `count` of them, with as many of all else.
struct QuantSums {
  const std::int32_t* sums;
  const float* scale;
  const float* bias;
  std::int64_t count;
};

// How float32 numbers became bytes.
struct QuantRange {
  float scale = 1;
  std::int32_t zero_point = 0;
  bool finite = true;  // no NaN, no infinity
};

// Of some numbers and 0.
struct QuantLimits {
  float least = 0;
  float largest = 0;
  bool finite = true;
};

struct QuantAddends {
  const std::uint8_t* a;
  const std::uint8_t* b;
  float a_scale, b_scale, offset;
};

// What an instruction set does best. `columns` is a panel's.
struct QuantKernels {
  std::int64_t max_rows;
  std::int64_t columns;
  void (*tile)(const QuantTile&);
  void (*depthwise)(const QuantDepthwise&);
  // sat(rne((float(sum) + bias) * scale)), or without sat and rne.
  void (*to_bytes)(const QuantSums&, std::uint8_t* to);
  void (*to_floats)(const QuantSums&, float* to);
  // float(sum - zero_point * weight_sum) * (range.scale * scale) + bias.
  void (*to_floats_in_range)(const QuantSums&, const std::int32_t* weight_sums,
                             const QuantRange& range, float* to);
  void (*find_limits)(const float* from, std::int64_t count, QuantLimits& limits);  // widens them
  // sat(rne(x * inverse) + zero_point); NaN becomes the zero point.
  void (*quantize)(const float* from, std::int64_t count, float inverse, std::int32_t zero_point,
                   std::uint8_t* to);
  void (*dequantize)(const std::uint8_t* from, std::int64_t count, const QuantRange& range,
                     float* to);
  void (*add)(const QuantAddends& addends, std::int64_t count, std::uint8_t* to);
};

inline constexpr std::int64_t kMaxQuantRows = 8;
inline constexpr std::int64_t kMaxQuantColumns = 32;
inline constexpr std::int64_t kMaxDepthwiseColumns = 64;

// Those of the CPU at hand.
const QuantKernels& BestQuantKernels();

// One set per instruction set, each in a file compiled for it.
QuantKernels BaseQuantKernels();  // what every CPU of the architecture has
QuantKernels Avx2QuantKernels();
QuantKernels VnniQuantKernels();  // AVX-512 with it

// The range of numbers within these limits.
QuantRange RangeOf(const QuantLimits& limits);

}  // namespace fedge::portable
