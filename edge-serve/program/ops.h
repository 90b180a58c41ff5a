#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "fedge/tensor/dtype.h"

namespace fedge::op {

// The operators of an edge program. Semantics, argument order and the layout of weights are those
// of the PyTorch operator named at each; dimensions are never negative here. What an operator's
// output looks like where the operator does not say (Reshape, Expand, Fill) stands in the node's
// output value. Spatial arrays are {height, width}; one-dimensional operators use {1, width}
// on tensors that keep their three dimensions.
using Pair = std::array<std::int64_t, 2>;

// Element by element: torch.<name>. `alpha` and `beta` as each says, else unused.
struct Unary {
  enum class Kind : std::uint8_t {
    kRelu,
    kRelu6,
    kLeakyRelu,  // alpha: negative slope
    kHardswish,
    kHardsigmoid,
    kSilu,
    kGelu,      // 0.5 x (1 + erf(x / sqrt 2))
    kGeluTanh,  // approximate='tanh'
    kSigmoid,
    kTanh,
    kElu,       // alpha
    kSoftplus,  // alpha: beta, beta: threshold
    kClamp,     // alpha: least, beta: largest; infinities where one is absent
    kNeg,
    kAbs,
    kExp,
    kLog,
    kSqrt,
    kRsqrt,
    kReciprocal,
    kErf,
    kFloor,
    kRound,  // half to even
    kNot,    // of bool
  };
  Kind kind = Kind::kRelu;
  double alpha = 0;
  double beta = 0;
  friend bool operator==(const Unary&, const Unary&) = default;
};

// Two tensors, broadcast; computed in the output's dtype, or for comparisons in that to which both
// inputs promote (the lowering inserts casts, so that both inputs have the same dtype).
struct Binary {
  enum class Kind : std::uint8_t {
    kAdd,
    kSub,
    kMul,
    kDiv,
    kMin,
    kMax,
    kPow,
    kEq,
    kNe,
    kLt,
    kLe,
    kGt,
    kGe,
    kAnd,  // of bool
    kOr,
  };
  Kind kind = Kind::kAdd;
  friend bool operator==(const Binary&, const Binary&) = default;
};

// torch.where(condition, a, b), broadcast.
struct Where {
  friend bool operator==(const Where&, const Where&) = default;
};

struct Cast {  // to the output's dtype
  friend bool operator==(const Cast&, const Cast&) = default;
};

// torch.conv1d/2d, conv_transpose1d/2d. Inputs: x [N, C, (H,) W]; weight [O, C / groups, ...] or,
// transposed, [C, O / groups, ...]; bias [O] or absent.
struct Conv {
  Pair stride = {1, 1};
  Pair pad_begin = {0, 0};
  Pair pad_end = {0, 0};
  Pair dilation = {1, 1};
  std::int64_t groups = 1;
  bool transposed = false;
  Pair output_pad = {0, 0};  // transposed only
  friend bool operator==(const Conv&, const Conv&) = default;
};

// torch.nn.functional.linear. Inputs: x [..., K]; weight [M, K]; bias [M] or absent.
struct Linear {
  friend bool operator==(const Linear&, const Linear&) = default;
};

// torch.matmul of tensors of at least two dimensions each: a [..., M, K], b [..., K, N], leading
// dimensions broadcast.
struct MatMul {
  friend bool operator==(const MatMul&, const MatMul&) = default;
};

// torch.scaled_dot_product_attention without dropout. Inputs: query [..., L, E], key [..., S, E],
// value [..., S, V]; mask (bool: keep where true; or float: added) broadcast to [..., L, S], or
// absent.
struct Attention {
  double scale = 1;
  bool causal = false;
  friend bool operator==(const Attention&, const Attention&) = default;
};

// torch.batch_norm in evaluation. Inputs: x [N, C, ...]; weight, bias (each [C] or absent); mean,
// variance [C].
struct BatchNorm {
  double eps = 1e-5;
  friend bool operator==(const BatchNorm&, const BatchNorm&) = default;
};

// torch.layer_norm over the last `num_dims` dimensions. Inputs: x; weight, bias of those dimensions
// or absent.
struct LayerNorm {
  std::int64_t num_dims = 1;
  double eps = 1e-5;
  friend bool operator==(const LayerNorm&, const LayerNorm&) = default;
};

// torch.group_norm; as many groups as channels: instance norm. Inputs: x [N, C, ...]; weight, bias
// [C] or absent.
struct GroupNorm {
  std::int64_t groups = 1;
  double eps = 1e-5;
  friend bool operator==(const GroupNorm&, const GroupNorm&) = default;
};

struct Softmax {
  std::int64_t dim = 0;
  bool log = false;
  friend bool operator==(const Softmax&, const Softmax&) = default;
};

// torch.max_pool1d/2d, avg_pool1d/2d over the last two (one) dimensions.
struct Pool {
  bool average = false;
  Pair kernel = {1, 1};
  Pair stride = {1, 1};
  Pair pad = {0, 0};
  Pair dilation = {1, 1};  // max only
  bool ceil_mode = false;
  bool count_include_pad = true;      // average only
  std::int64_t divisor_override = 0;  // average only; 0: none
  friend bool operator==(const Pool&, const Pool&) = default;
};

// torch.adaptive_avg_pool1d/2d, adaptive_max_pool1d/2d; the sizes are those of the output.
struct AdaptivePool {
  bool average = true;
  friend bool operator==(const AdaptivePool&, const AdaptivePool&) = default;
};

struct Reduce {
  enum class Kind : std::uint8_t {
    kSum,
    kMean,
    kMax,
    kMin,
    kProd,
    kNorm1,  // of absolute values
    kNorm2,
    kAny,
    kAll,
  };
  Kind kind = Kind::kSum;
  std::vector<std::int64_t> dims;  // ascending, at least one
  bool keep_dims = false;
  friend bool operator==(const Reduce&, const Reduce&) = default;
};

// torch.argmax, argmin: int64; the first of equals.
struct ArgMax {
  std::int64_t dim = 0;
  bool keep_dim = false;
  bool smallest = false;
  friend bool operator==(const ArgMax&, const ArgMax&) = default;
};

// torch.topk (torch.sort is k = size). Outputs: values; indices, int64. Sorted, the first of equals
// first.
struct TopK {
  std::int64_t k = 1;
  std::int64_t dim = 0;
  bool largest = true;
  friend bool operator==(const TopK&, const TopK&) = default;
};

struct Concat {
  std::int64_t dim = 0;
  friend bool operator==(const Concat&, const Concat&) = default;
};

// x[..., start:start + step * (size - 1) + 1:step, ...]; the size is that of the output. What
// split, chunk, narrow, select and unbind become.
struct Slice {
  std::int64_t dim = 0;
  std::int64_t start = 0;
  std::int64_t step = 1;
  friend bool operator==(const Slice&, const Slice&) = default;
};

// The same elements in row-major order, in the output's shape.
struct Reshape {
  friend bool operator==(const Reshape&, const Reshape&) = default;
};

struct Permute {
  std::vector<std::int64_t> order;  // output dimension i is input dimension order[i]
  friend bool operator==(const Permute&, const Permute&) = default;
};

struct Expand {  // broadcast to the output's shape
  friend bool operator==(const Expand&, const Expand&) = default;
};

struct Fill {  // no inputs: a tensor of the output's shape, all `value`
  double value = 0;
  friend bool operator==(const Fill&, const Fill&) = default;
};

// torch.nn.functional.pad; one entry per dimension. Negative entries crop (constant only).
struct Pad {
  enum class Mode : std::uint8_t { kConstant, kReflect, kReplicate };
  Mode mode = Mode::kConstant;
  std::vector<std::int64_t> begin;
  std::vector<std::int64_t> end;
  double value = 0;
  friend bool operator==(const Pad&, const Pad&) = default;
};

// torch.nn.functional.interpolate over the last two (one) dimensions, to the output's sizes.
struct Resize {
  enum class Mode : std::uint8_t { kNearest, kLinear };
  Mode mode = Mode::kNearest;
  bool align_corners = false;
  // Scale factors that were given and so are used for coordinates (recompute_scale_factor not
  // set); 0: the quotient of the sizes.
  double scale_height = 0;
  double scale_width = 0;
  friend bool operator==(const Resize&, const Resize&) = default;
};

// torch.index_select, embedding (dim 0) with indices of any shape: output is
// x[: dim] + indices' shape + x[dim + 1 :]. Inputs: x; indices int64 or int32, 0 <= i < size
// (kOutOfRange while running otherwise).
struct Gather {
  std::int64_t dim = 0;
  friend bool operator==(const Gather&, const Gather&) = default;
};

// torch.cumsum.
struct CumSum {
  std::int64_t dim = 0;
  friend bool operator==(const CumSum&, const CumSum&) = default;
};

// One layer in one direction of torch.lstm or torch.gru, gates in PyTorch's order. Inputs:
// x [N, T, I]; h0 [N, H]; c0 [N, H] (LSTM; absent for GRU); w_ih [G H, I], w_hh [G H, H]; b_ih,
// b_hh [G H] or absent. Outputs: y [N, T, H]; h [N, H]; c [N, H] (LSTM).
struct Recurrent {
  enum class Kind : std::uint8_t { kLstm, kGru };
  Kind kind = Kind::kLstm;
  bool reverse = false;  // from the last step to the first
  friend bool operator==(const Recurrent&, const Recurrent&) = default;
};

// Integer layers. Their arithmetic is the same everywhere, to the byte: sums are exact in int32,
// which the limits on their length make sure of; what is not an integer is float32, each operation
// rounded by itself (no fused multiply-add); rne rounds to the nearest integer, even of two;
// sat clamps to 0..255. Scales are finite and above 0, zero points in 0..255. A byte q stands for
// scale * (q - zero_point).

// float32 -> uint8: sat(rne(x * (1 / scale)) + zero_point), the reciprocal in float32; NaN becomes
// the zero point.
struct Quantize {
  float scale = 1;
  std::int32_t zero_point = 0;
  friend bool operator==(const Quantize&, const Quantize&) = default;
};

// uint8 -> float32: float(q - zero_point) * scale.
struct Dequantize {
  float scale = 1;
  std::int32_t zero_point = 0;
  friend bool operator==(const Dequantize&, const Dequantize&) = default;
};

// A convolution of bytes. Inputs: x uint8 [N, C, (H,) W]; weight int8 [O, C / groups, ...]; bias
// float32 [O], in units of the sum, with the corrections for both zero points in it; scale float32
// [O]. Padding is the byte 0. Output, as declared: uint8, sat(rne((float(sum) + bias) * scale)), so
// that a zero point of 0 is a ReLU; or float32, (float(sum) + bias) * scale.
struct QuantConv {
  Pair stride = {1, 1};
  Pair pad_begin = {0, 0};
  Pair pad_end = {0, 0};
  Pair dilation = {1, 1};
  std::int64_t groups = 1;
  friend bool operator==(const QuantConv&, const QuantConv&) = default;
};

// A linear layer of bytes: x uint8 [..., K]; weight int8 [M, K]; bias, scale float32 [M]. Output as
// QuantConv's.
struct QuantLinear {
  friend bool operator==(const QuantLinear&, const QuantLinear&) = default;
};

// A linear layer whose input is quantized while it runs, each row (the last dimension) in a range
// of its own. Inputs: x float32 [..., K]; weight int8 [M, K]; the weights' scales float32 [M]; bias
// float32 [M] or absent (zeros). For each row, in float32:
//   lo = min(0, min x), hi = max(0, max x), s = (hi - lo) / 255, or 1 where that is not normal,
//   inv = 1 / s, zp = sat(rne(-lo * inv)), q[k] = sat(rne(x[k] * inv) + zp),
//   y[m] = float(sum of (q[k] - zp) * weight[m, k]) * (s * scale[m]) + bias[m].
// A row with an infinity or a NaN in it gives NaN everywhere.
struct DynamicQuantLinear {
  friend bool operator==(const DynamicQuantLinear&, const DynamicQuantLinear&) = default;
};

// The same for a convolution: ranges per sample (the first dimension); padding is the zero point.
// Inputs: x float32 [N, C, (H,) W]; weight int8 [O, C / groups, ...]; scales float32 [O]; bias
// float32 [O] or absent.
struct DynamicQuantConv {
  Pair stride = {1, 1};
  Pair pad_begin = {0, 0};
  Pair pad_end = {0, 0};
  Pair dilation = {1, 1};
  std::int64_t groups = 1;
  friend bool operator==(const DynamicQuantConv&, const DynamicQuantConv&) = default;
};

// uint8 + uint8 of the same shape -> uint8:
// sat(rne((float(a) * a_scale + float(b) * b_scale) + offset)).
struct QuantAdd {
  float a_scale = 1;
  float b_scale = 1;
  float offset = 0;
  friend bool operator==(const QuantAdd&, const QuantAdd&) = default;
};

// The convolution over numbers that goes over its input in the same way.
template <class QuantizedConv>
Conv AsConv(const QuantizedConv& conv) {
  return {conv.stride, conv.pad_begin, conv.pad_end, conv.dilation, conv.groups, false, {0, 0}};
}

}  // namespace fedge::op

namespace fedge {

using Op =
    std::variant<op::Unary, op::Binary, op::Where, op::Cast, op::Conv, op::Linear, op::MatMul,
                 op::Attention, op::BatchNorm, op::LayerNorm, op::GroupNorm, op::Softmax, op::Pool,
                 op::AdaptivePool, op::Reduce, op::ArgMax, op::TopK, op::Concat, op::Slice,
                 op::Reshape, op::Permute, op::Expand, op::Fill, op::Pad, op::Resize, op::Gather,
                 op::CumSum, op::Recurrent, op::Quantize, op::Dequantize, op::QuantConv,
                 op::QuantLinear, op::DynamicQuantLinear, op::DynamicQuantConv, op::QuantAdd>;

// "conv", "relu", "add", "mean": for messages and reports.
std::string_view OpName(const Op& op);

// One of the integer layers.
bool IsQuantized(const Op& op);

}  // namespace fedge
