#include "fedge/program/ops.h"

namespace fedge {
namespace {

std::string_view Name(const op::Unary& op) {
  using enum op::Unary::Kind;
  switch (op.kind) {
    case kRelu:
      return "relu";
    case kRelu6:
      return "relu6";
    case kLeakyRelu:
      return "leaky_relu";
    case kHardswish:
      return "hardswish";
    case kHardsigmoid:
      return "hardsigmoid";
    case kSilu:
      return "silu";
    case kGelu:
      return "gelu";
    case kGeluTanh:
      return "gelu_tanh";
    case kSigmoid:
      return "sigmoid";
    case kTanh:
      return "tanh";
    case kElu:
      return "elu";
    case kSoftplus:
      return "softplus";
    case kClamp:
      return "clamp";
    case kNeg:
      return "neg";
    case kAbs:
      return "abs";
    case kExp:
      return "exp";
    case kLog:
      return "log";
    case kSqrt:
      return "sqrt";
    case kRsqrt:
      return "rsqrt";
    case kReciprocal:
      return "reciprocal";
    case kErf:
      return "erf";
    case kFloor:
      return "floor";
    case kRound:
      return "round";
    case kNot:
      return "not";
  }
  return "unary";
}

std::string_view Name(const op::Binary& op) {
  using enum op::Binary::Kind;
  switch (op.kind) {
    case kAdd:
      return "add";
    case kSub:
      return "sub";
    case kMul:
      return "mul";
    case kDiv:
      return "div";
    case kMin:
      return "min";
    case kMax:
      return "max";
    case kPow:
      return "pow";
    case kEq:
      return "eq";
    case kNe:
      return "ne";
    case kLt:
      return "lt";
    case kLe:
      return "le";
    case kGt:
      return "gt";
    case kGe:
      return "ge";
    case kAnd:
      return "and";
    case kOr:
      return "or";
  }
  return "binary";
}

std::string_view Name(const op::Reduce& op) {
  using enum op::Reduce::Kind;
  switch (op.kind) {
    case kSum:
      return "sum";
    case kMean:
      return "mean";
    case kMax:
      return "reduce_max";
    case kMin:
      return "reduce_min";
    case kProd:
      return "prod";
    case kNorm1:
      return "norm1";
    case kNorm2:
      return "norm2";
    case kAny:
      return "any";
    case kAll:
      return "all";
  }
  return "reduce";
}

std::string_view Name(const op::Where&) { return "where"; }
std::string_view Name(const op::Cast&) { return "cast"; }
std::string_view Name(const op::Conv& op) { return op.transposed ? "conv_transpose" : "conv"; }
std::string_view Name(const op::Linear&) { return "linear"; }
std::string_view Name(const op::MatMul&) { return "matmul"; }
std::string_view Name(const op::Attention&) { return "attention"; }
std::string_view Name(const op::BatchNorm&) { return "batch_norm"; }
std::string_view Name(const op::LayerNorm&) { return "layer_norm"; }
std::string_view Name(const op::GroupNorm&) { return "group_norm"; }
std::string_view Name(const op::Softmax& op) { return op.log ? "log_softmax" : "softmax"; }
std::string_view Name(const op::Pool& op) { return op.average ? "avg_pool" : "max_pool"; }
std::string_view Name(const op::AdaptivePool& op) {
  return op.average ? "adaptive_avg_pool" : "adaptive_max_pool";
}
std::string_view Name(const op::ArgMax& op) { return op.smallest ? "argmin" : "argmax"; }
std::string_view Name(const op::TopK&) { return "topk"; }
std::string_view Name(const op::Concat&) { return "concat"; }
std::string_view Name(const op::Slice&) { return "slice"; }
std::string_view Name(const op::Reshape&) { return "reshape"; }
std::string_view Name(const op::Permute&) { return "permute"; }
std::string_view Name(const op::Expand&) { return "expand"; }
std::string_view Name(const op::Fill&) { return "fill"; }
std::string_view Name(const op::Pad&) { return "pad"; }
std::string_view Name(const op::Resize&) { return "resize"; }
std::string_view Name(const op::Gather&) { return "gather"; }
std::string_view Name(const op::CumSum&) { return "cumsum"; }
std::string_view Name(const op::Recurrent& op) {
  return op.kind == op::Recurrent::Kind::kLstm ? "lstm" : "gru";
}
std::string_view Name(const op::Quantize&) { return "quantize"; }
std::string_view Name(const op::Dequantize&) { return "dequantize"; }
std::string_view Name(const op::QuantConv&) { return "quant_conv"; }
std::string_view Name(const op::QuantLinear&) { return "quant_linear"; }
std::string_view Name(const op::DynamicQuantLinear&) { return "dynamic_quant_linear"; }
std::string_view Name(const op::DynamicQuantConv&) { return "dynamic_quant_conv"; }
std::string_view Name(const op::QuantAdd&) { return "quant_add"; }

}  // namespace

std::string_view OpName(const Op& op) {
  return std::visit([](const auto& alternative) { return Name(alternative); }, op);
}

bool IsQuantized(const Op& op) {
  return std::holds_alternative<op::Quantize>(op) || std::holds_alternative<op::Dequantize>(op) ||
         std::holds_alternative<op::QuantConv>(op) || std::holds_alternative<op::QuantLinear>(op) ||
         std::holds_alternative<op::DynamicQuantLinear>(op) ||
         std::holds_alternative<op::DynamicQuantConv>(op) ||
         std::holds_alternative<op::QuantAdd>(op);
}

}  // namespace fedge
