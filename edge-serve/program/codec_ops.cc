#include "fedge/program/codec_ops.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace fedge::internal {
namespace {

template <class T, class Proto>
using Names = std::span<const std::pair<T, Proto>>;

template <class T, class Proto>
Proto Encode(Names<T, Proto> names, T value) {
  return std::find_if(names.begin(), names.end(),
                      [&](const auto& name) { return name.first == value; })
      ->second;
}

template <class T, class Proto>
Result<T> Decode(Names<T, Proto> names, Proto value) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const auto& name) { return name.second == value; });
  if (found != names.end()) return found->first;
  return Unimplemented("has kind {}, which this program does not know", static_cast<int>(value));
}

constexpr std::pair<DType, v1::DType> kDTypes[] = {
    {DType::kFloat64, v1::DTYPE_FLOAT64}, {DType::kFloat32, v1::DTYPE_FLOAT32},
    {DType::kFloat16, v1::DTYPE_FLOAT16}, {DType::kBFloat16, v1::DTYPE_BFLOAT16},
    {DType::kInt64, v1::DTYPE_INT64},     {DType::kInt32, v1::DTYPE_INT32},
    {DType::kInt16, v1::DTYPE_INT16},     {DType::kInt8, v1::DTYPE_INT8},
    {DType::kUInt8, v1::DTYPE_UINT8},     {DType::kBool, v1::DTYPE_BOOL},
};

using UnaryKind = op::Unary::Kind;
constexpr std::pair<UnaryKind, v1::Unary::Kind> kUnary[] = {
    {UnaryKind::kRelu, v1::Unary::RELU},
    {UnaryKind::kRelu6, v1::Unary::RELU6},
    {UnaryKind::kLeakyRelu, v1::Unary::LEAKY_RELU},
    {UnaryKind::kHardswish, v1::Unary::HARDSWISH},
    {UnaryKind::kHardsigmoid, v1::Unary::HARDSIGMOID},
    {UnaryKind::kSilu, v1::Unary::SILU},
    {UnaryKind::kGelu, v1::Unary::GELU},
    {UnaryKind::kGeluTanh, v1::Unary::GELU_TANH},
    {UnaryKind::kSigmoid, v1::Unary::SIGMOID},
    {UnaryKind::kTanh, v1::Unary::TANH},
    {UnaryKind::kElu, v1::Unary::ELU},
    {UnaryKind::kSoftplus, v1::Unary::SOFTPLUS},
    {UnaryKind::kClamp, v1::Unary::CLAMP},
    {UnaryKind::kNeg, v1::Unary::NEG},
    {UnaryKind::kAbs, v1::Unary::ABS},
    {UnaryKind::kExp, v1::Unary::EXP},
    {UnaryKind::kLog, v1::Unary::LOG},
    {UnaryKind::kSqrt, v1::Unary::SQRT},
    {UnaryKind::kRsqrt, v1::Unary::RSQRT},
    {UnaryKind::kReciprocal, v1::Unary::RECIPROCAL},
    {UnaryKind::kErf, v1::Unary::ERF},
    {UnaryKind::kFloor, v1::Unary::FLOOR},
    {UnaryKind::kRound, v1::Unary::ROUND},
    {UnaryKind::kNot, v1::Unary::NOT},
};

using BinaryKind = op::Binary::Kind;
constexpr std::pair<BinaryKind, v1::Binary::Kind> kBinary[] = {
    {BinaryKind::kAdd, v1::Binary::ADD}, {BinaryKind::kSub, v1::Binary::SUB},
    {BinaryKind::kMul, v1::Binary::MUL}, {BinaryKind::kDiv, v1::Binary::DIV},
    {BinaryKind::kMin, v1::Binary::MIN}, {BinaryKind::kMax, v1::Binary::MAX},
    {BinaryKind::kPow, v1::Binary::POW}, {BinaryKind::kEq, v1::Binary::EQ},
    {BinaryKind::kNe, v1::Binary::NE},   {BinaryKind::kLt, v1::Binary::LT},
    {BinaryKind::kLe, v1::Binary::LE},   {BinaryKind::kGt, v1::Binary::GT},
    {BinaryKind::kGe, v1::Binary::GE},   {BinaryKind::kAnd, v1::Binary::AND},
    {BinaryKind::kOr, v1::Binary::OR},
};

using ReduceKind = op::Reduce::Kind;
constexpr std::pair<ReduceKind, v1::Reduce::Kind> kReduce[] = {
    {ReduceKind::kSum, v1::Reduce::SUM},     {ReduceKind::kMean, v1::Reduce::MEAN},
    {ReduceKind::kMax, v1::Reduce::MAX},     {ReduceKind::kMin, v1::Reduce::MIN},
    {ReduceKind::kProd, v1::Reduce::PROD},   {ReduceKind::kNorm1, v1::Reduce::NORM1},
    {ReduceKind::kNorm2, v1::Reduce::NORM2}, {ReduceKind::kAny, v1::Reduce::ANY},
    {ReduceKind::kAll, v1::Reduce::ALL},
};

using PadMode = op::Pad::Mode;
constexpr std::pair<PadMode, v1::Pad::Mode> kPad[] = {
    {PadMode::kConstant, v1::Pad::CONSTANT},
    {PadMode::kReflect, v1::Pad::REFLECT},
    {PadMode::kReplicate, v1::Pad::REPLICATE},
};

using ResizeMode = op::Resize::Mode;
constexpr std::pair<ResizeMode, v1::Resize::Mode> kResize[] = {
    {ResizeMode::kNearest, v1::Resize::NEAREST},
    {ResizeMode::kLinear, v1::Resize::LINEAR},
};

using RecurrentKind = op::Recurrent::Kind;
constexpr std::pair<RecurrentKind, v1::Recurrent::Kind> kRecurrent[] = {
    {RecurrentKind::kLstm, v1::Recurrent::LSTM},
    {RecurrentKind::kGru, v1::Recurrent::GRU},
};

using ProtoList = google::protobuf::RepeatedField<std::int64_t>;

template <class Numbers>
void SetList(const Numbers& numbers, ProtoList* list) {
  list->Assign(numbers.begin(), numbers.end());
}

std::vector<std::int64_t> List(const ProtoList& list) { return {list.begin(), list.end()}; }

// The first error of several pairs is kept in `status`.
op::Pair ReadPair(const ProtoList& list, Status& status) {
  if (list.size() == 2) return {list[0], list[1]};
  if (status.ok()) status = InvalidArgument("has a pair of {} numbers", list.size());
  return {};
}

template <class QuantizedConv>
void WriteQuantConv(const QuantizedConv& op, v1::QuantConv& conv) {
  SetList(op.stride, conv.mutable_stride());
  SetList(op.pad_begin, conv.mutable_pad_begin());
  SetList(op.pad_end, conv.mutable_pad_end());
  SetList(op.dilation, conv.mutable_dilation());
  conv.set_groups(op.groups);
}

template <class Parameters, class Proto>
void WriteParameters(const Parameters& op, Proto& proto) {
  proto.set_scale(op.scale);
  proto.set_zero_point(op.zero_point);
}

// What writes each operator.
struct Writer {
  v1::Node& node;

  void operator()(const op::Unary& op) const {
    v1::Unary& unary = *node.mutable_unary();
    unary.set_kind(Encode<UnaryKind, v1::Unary::Kind>(kUnary, op.kind));
    unary.set_alpha(op.alpha);
    unary.set_beta(op.beta);
  }
  void operator()(const op::Binary& op) const {
    node.mutable_binary()->set_kind(Encode<BinaryKind, v1::Binary::Kind>(kBinary, op.kind));
  }
  void operator()(const op::Where&) const { node.mutable_where(); }
  void operator()(const op::Cast&) const { node.mutable_cast(); }
  void operator()(const op::Conv& op) const {
    v1::Conv& conv = *node.mutable_conv();
    SetList(op.stride, conv.mutable_stride());
    SetList(op.pad_begin, conv.mutable_pad_begin());
    SetList(op.pad_end, conv.mutable_pad_end());
    SetList(op.dilation, conv.mutable_dilation());
    conv.set_groups(op.groups);
    conv.set_transposed(op.transposed);
    if (op.transposed) SetList(op.output_pad, conv.mutable_output_pad());
  }
  void operator()(const op::Linear&) const { node.mutable_linear(); }
  void operator()(const op::MatMul&) const { node.mutable_matmul(); }
  void operator()(const op::Attention& op) const {
    node.mutable_attention()->set_scale(op.scale);
    node.mutable_attention()->set_causal(op.causal);
  }
  void operator()(const op::BatchNorm& op) const { node.mutable_batch_norm()->set_eps(op.eps); }
  void operator()(const op::LayerNorm& op) const {
    node.mutable_layer_norm()->set_num_dims(op.num_dims);
    node.mutable_layer_norm()->set_eps(op.eps);
  }
  void operator()(const op::GroupNorm& op) const {
    node.mutable_group_norm()->set_groups(op.groups);
    node.mutable_group_norm()->set_eps(op.eps);
  }
  void operator()(const op::Softmax& op) const {
    node.mutable_softmax()->set_dim(op.dim);
    node.mutable_softmax()->set_log(op.log);
  }
  void operator()(const op::Pool& op) const {
    v1::Pool& pool = *node.mutable_pool();
    pool.set_average(op.average);
    SetList(op.kernel, pool.mutable_kernel());
    SetList(op.stride, pool.mutable_stride());
    SetList(op.pad, pool.mutable_pad());
    SetList(op.dilation, pool.mutable_dilation());
    pool.set_ceil_mode(op.ceil_mode);
    pool.set_count_include_pad(op.count_include_pad);
    pool.set_divisor_override(op.divisor_override);
  }
  void operator()(const op::AdaptivePool& op) const {
    node.mutable_adaptive_pool()->set_average(op.average);
  }
  void operator()(const op::Reduce& op) const {
    v1::Reduce& reduce = *node.mutable_reduce();
    reduce.set_kind(Encode<ReduceKind, v1::Reduce::Kind>(kReduce, op.kind));
    SetList(op.dims, reduce.mutable_dims());
    reduce.set_keep_dims(op.keep_dims);
  }
  void operator()(const op::ArgMax& op) const {
    v1::ArgMax& argmax = *node.mutable_argmax();
    argmax.set_dim(op.dim);
    argmax.set_keep_dim(op.keep_dim);
    argmax.set_smallest(op.smallest);
  }
  void operator()(const op::TopK& op) const {
    v1::TopK& topk = *node.mutable_topk();
    topk.set_k(op.k);
    topk.set_dim(op.dim);
    topk.set_largest(op.largest);
  }
  void operator()(const op::Concat& op) const { node.mutable_concat()->set_dim(op.dim); }
  void operator()(const op::Slice& op) const {
    v1::Slice& slice = *node.mutable_slice();
    slice.set_dim(op.dim);
    slice.set_start(op.start);
    slice.set_step(op.step);
  }
  void operator()(const op::Reshape&) const { node.mutable_reshape(); }
  void operator()(const op::Permute& op) const {
    SetList(op.order, node.mutable_permute()->mutable_order());
  }
  void operator()(const op::Expand&) const { node.mutable_expand(); }
  void operator()(const op::Fill& op) const { node.mutable_fill()->set_value(op.value); }
  void operator()(const op::Pad& op) const {
    v1::Pad& pad = *node.mutable_pad();
    pad.set_mode(Encode<PadMode, v1::Pad::Mode>(kPad, op.mode));
    SetList(op.begin, pad.mutable_begin());
    SetList(op.end, pad.mutable_end());
    pad.set_value(op.value);
  }
  void operator()(const op::Resize& op) const {
    v1::Resize& resize = *node.mutable_resize();
    resize.set_mode(Encode<ResizeMode, v1::Resize::Mode>(kResize, op.mode));
    resize.set_align_corners(op.align_corners);
    resize.set_scale_height(op.scale_height);
    resize.set_scale_width(op.scale_width);
  }
  void operator()(const op::Gather& op) const { node.mutable_gather()->set_dim(op.dim); }
  void operator()(const op::CumSum& op) const { node.mutable_cumsum()->set_dim(op.dim); }
  void operator()(const op::Recurrent& op) const {
    v1::Recurrent& recurrent = *node.mutable_recurrent();
    recurrent.set_kind(Encode<RecurrentKind, v1::Recurrent::Kind>(kRecurrent, op.kind));
    recurrent.set_reverse(op.reverse);
  }
  void operator()(const op::Quantize& op) const { WriteParameters(op, *node.mutable_quantize()); }
  void operator()(const op::Dequantize& op) const {
    WriteParameters(op, *node.mutable_dequantize());
  }
  void operator()(const op::QuantConv& op) const { WriteQuantConv(op, *node.mutable_quant_conv()); }
  void operator()(const op::QuantLinear&) const { node.mutable_quant_linear(); }
  void operator()(const op::DynamicQuantLinear&) const { node.mutable_dynamic_quant_linear(); }
  void operator()(const op::DynamicQuantConv& op) const {
    WriteQuantConv(op, *node.mutable_dynamic_quant_conv());
  }
  void operator()(const op::QuantAdd& op) const {
    v1::QuantAdd& add = *node.mutable_quant_add();
    add.set_a_scale(op.a_scale);
    add.set_b_scale(op.b_scale);
    add.set_offset(op.offset);
  }
};

Result<Op> Read(const v1::Unary& unary) {
  FEDGE_ASSIGN_OR_RETURN(const auto kind,
                         (Decode<UnaryKind, v1::Unary::Kind>(kUnary, unary.kind())));
  return Op(op::Unary{kind, unary.alpha(), unary.beta()});
}

Result<Op> Read(const v1::Binary& binary) {
  FEDGE_ASSIGN_OR_RETURN(const auto kind,
                         (Decode<BinaryKind, v1::Binary::Kind>(kBinary, binary.kind())));
  return Op(op::Binary{kind});
}

Result<Op> Read(const v1::Conv& conv) {
  Status status;
  op::Conv op{.stride = ReadPair(conv.stride(), status),
              .pad_begin = ReadPair(conv.pad_begin(), status),
              .pad_end = ReadPair(conv.pad_end(), status),
              .dilation = ReadPair(conv.dilation(), status),
              .groups = conv.groups(),
              .transposed = conv.transposed()};
  if (conv.output_pad_size() > 0) op.output_pad = ReadPair(conv.output_pad(), status);
  if (!status.ok()) return status;
  return Op(op);
}

Result<Op> Read(const v1::Pool& pool) {
  Status status;
  const op::Pool op{.average = pool.average(),
                    .kernel = ReadPair(pool.kernel(), status),
                    .stride = ReadPair(pool.stride(), status),
                    .pad = ReadPair(pool.pad(), status),
                    .dilation = ReadPair(pool.dilation(), status),
                    .ceil_mode = pool.ceil_mode(),
                    .count_include_pad = pool.count_include_pad(),
                    .divisor_override = pool.divisor_override()};
  if (!status.ok()) return status;
  return Op(op);
}

Result<Op> Read(const v1::Reduce& reduce) {
  FEDGE_ASSIGN_OR_RETURN(const auto kind,
                         (Decode<ReduceKind, v1::Reduce::Kind>(kReduce, reduce.kind())));
  return Op(op::Reduce{kind, List(reduce.dims()), reduce.keep_dims()});
}

Result<Op> Read(const v1::Pad& pad) {
  FEDGE_ASSIGN_OR_RETURN(const auto mode, (Decode<PadMode, v1::Pad::Mode>(kPad, pad.mode())));
  return Op(op::Pad{mode, List(pad.begin()), List(pad.end()), pad.value()});
}

Result<Op> Read(const v1::Resize& resize) {
  FEDGE_ASSIGN_OR_RETURN(const auto mode,
                         (Decode<ResizeMode, v1::Resize::Mode>(kResize, resize.mode())));
  return Op(op::Resize{mode, resize.align_corners(), resize.scale_height(), resize.scale_width()});
}

Result<Op> Read(const v1::Recurrent& recurrent) {
  FEDGE_ASSIGN_OR_RETURN(
      const auto kind, (Decode<RecurrentKind, v1::Recurrent::Kind>(kRecurrent, recurrent.kind())));
  return Op(op::Recurrent{kind, recurrent.reverse()});
}

template <class QuantizedConv>
Result<Op> ReadQuantConv(const v1::QuantConv& conv) {
  Status status;
  const QuantizedConv op{.stride = ReadPair(conv.stride(), status),
                         .pad_begin = ReadPair(conv.pad_begin(), status),
                         .pad_end = ReadPair(conv.pad_end(), status),
                         .dilation = ReadPair(conv.dilation(), status),
                         .groups = conv.groups()};
  if (!status.ok()) return status;
  return Op(op);
}

Result<Op> Read(const v1::QuantAdd& add) {
  return Op(op::QuantAdd{add.a_scale(), add.b_scale(), add.offset()});
}

}  // namespace

void OpToProto(const Op& op, v1::Node& node) { std::visit(Writer{node}, op); }

Result<Op> OpFromProto(const v1::Node& node) {
  switch (node.op_case()) {
    case v1::Node::kUnary:
      return Read(node.unary());
    case v1::Node::kBinary:
      return Read(node.binary());
    case v1::Node::kWhere:
      return Op(op::Where{});
    case v1::Node::kCast:
      return Op(op::Cast{});
    case v1::Node::kConv:
      return Read(node.conv());
    case v1::Node::kLinear:
      return Op(op::Linear{});
    case v1::Node::kMatmul:
      return Op(op::MatMul{});
    case v1::Node::kAttention:
      return Op(op::Attention{node.attention().scale(), node.attention().causal()});
    case v1::Node::kBatchNorm:
      return Op(op::BatchNorm{node.batch_norm().eps()});
    case v1::Node::kLayerNorm:
      return Op(op::LayerNorm{node.layer_norm().num_dims(), node.layer_norm().eps()});
    case v1::Node::kGroupNorm:
      return Op(op::GroupNorm{node.group_norm().groups(), node.group_norm().eps()});
    case v1::Node::kSoftmax:
      return Op(op::Softmax{node.softmax().dim(), node.softmax().log()});
    case v1::Node::kPool:
      return Read(node.pool());
    case v1::Node::kAdaptivePool:
      return Op(op::AdaptivePool{node.adaptive_pool().average()});
    case v1::Node::kReduce:
      return Read(node.reduce());
    case v1::Node::kArgmax:
      return Op(
          op::ArgMax{node.argmax().dim(), node.argmax().keep_dim(), node.argmax().smallest()});
    case v1::Node::kTopk:
      return Op(op::TopK{node.topk().k(), node.topk().dim(), node.topk().largest()});
    case v1::Node::kConcat:
      return Op(op::Concat{node.concat().dim()});
    case v1::Node::kSlice:
      return Op(op::Slice{node.slice().dim(), node.slice().start(), node.slice().step()});
    case v1::Node::kReshape:
      return Op(op::Reshape{});
    case v1::Node::kPermute:
      return Op(op::Permute{List(node.permute().order())});
    case v1::Node::kExpand:
      return Op(op::Expand{});
    case v1::Node::kFill:
      return Op(op::Fill{node.fill().value()});
    case v1::Node::kPad:
      return Read(node.pad());
    case v1::Node::kResize:
      return Read(node.resize());
    case v1::Node::kGather:
      return Op(op::Gather{node.gather().dim()});
    case v1::Node::kCumsum:
      return Op(op::CumSum{node.cumsum().dim()});
    case v1::Node::kRecurrent:
      return Read(node.recurrent());
    case v1::Node::kQuantize:
      return Op(op::Quantize{node.quantize().scale(), node.quantize().zero_point()});
    case v1::Node::kDequantize:
      return Op(op::Dequantize{node.dequantize().scale(), node.dequantize().zero_point()});
    case v1::Node::kQuantConv:
      return ReadQuantConv<op::QuantConv>(node.quant_conv());
    case v1::Node::kQuantLinear:
      return Op(op::QuantLinear{});
    case v1::Node::kDynamicQuantLinear:
      return Op(op::DynamicQuantLinear{});
    case v1::Node::kDynamicQuantConv:
      return ReadQuantConv<op::DynamicQuantConv>(node.dynamic_quant_conv());
    case v1::Node::kQuantAdd:
      return Read(node.quant_add());
    case v1::Node::OP_NOT_SET:
      break;
  }
  return Unimplemented("has an operator that this program does not know");
}

v1::DType ToProto(DType dtype) { return Encode<DType, v1::DType>(kDTypes, dtype); }

Result<DType> FromProto(v1::DType dtype) {
  const auto known = Decode<DType, v1::DType>(kDTypes, dtype);
  if (known.ok()) return known;
  return Unimplemented("has dtype {}, which this program does not know", static_cast<int>(dtype));
}

}  // namespace fedge::internal
