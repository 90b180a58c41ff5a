#include "fedge/compress_torch/script_ops.h"

#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

// Each operator of a program as TorchScript.
namespace fedge::internal {
namespace {

// LibTorch's numbers of dtypes, as TorchScript's own archives have them.
int DTypeNumber(DType dtype) {
  switch (dtype) {
    case DType::kUInt8:
      return 0;
    case DType::kInt8:
      return 1;
    case DType::kInt16:
      return 2;
    case DType::kInt32:
      return 3;
    case DType::kInt64:
      return 4;
    case DType::kFloat16:
      return 5;
    case DType::kFloat32:
      return 6;
    case DType::kFloat64:
      return 7;
    case DType::kBool:
      return 11;
    case DType::kBFloat16:
      return 15;
  }
  return 6;
}

Text WriteOp(const op::Unary& op, const ScriptNode& node) {
  using Kind = op::Unary::Kind;
  const Text& x = node.inputs[0];
  const auto call = [&](const char* name) { return fmt::format("torch.{}({})", name, x); };
  switch (op.kind) {
    case Kind::kRelu:
      return call("relu");
    case Kind::kRelu6:
      return fmt::format("torch.hardtanh({}, 0., 6.)", x);
    case Kind::kLeakyRelu:
      return fmt::format("torch.leaky_relu({}, {})", x, ScriptText(op.alpha));
    case Kind::kHardswish:
      return call("hardswish");
    case Kind::kHardsigmoid:
      return call("hardsigmoid");
    case Kind::kSilu:
      return call("silu");
    case Kind::kGelu:
      return call("gelu");
    case Kind::kGeluTanh:
      return fmt::format("torch.gelu({}, approximate='tanh')", x);
    case Kind::kSigmoid:
      return call("sigmoid");
    case Kind::kTanh:
      return call("tanh");
    case Kind::kElu:
      return fmt::format("torch.elu({}, {})", x, ScriptText(op.alpha));
    case Kind::kSoftplus:
      return fmt::format("torch.softplus({}, {}, {})", x, ScriptText(op.alpha),
                         ScriptText(op.beta));
    case Kind::kClamp: {
      Text text = "torch.clamp(" + x;
      if (!std::isinf(op.alpha)) text += ", min=" + ScriptText(op.alpha);
      if (!std::isinf(op.beta)) text += ", max=" + ScriptText(op.beta);
      return text + ")";
    }
    case Kind::kNeg:
      return call("neg");
    case Kind::kAbs:
      return call("abs");
    case Kind::kExp:
      return call("exp");
    case Kind::kLog:
      return call("log");
    case Kind::kSqrt:
      return call("sqrt");
    case Kind::kRsqrt:
      return call("rsqrt");
    case Kind::kReciprocal:
      return call("reciprocal");
    case Kind::kErf:
      return call("erf");
    case Kind::kFloor:
      return call("floor");
    case Kind::kRound:
      return call("round");
    case Kind::kNot:
      return call("logical_not");
  }
  return {};
}

Text WriteOp(const op::Binary& op, const ScriptNode& node) {
  static constexpr std::array kNames = {"add",     "sub", "mul", "div",         "minimum",
                                        "maximum", "pow", "eq",  "ne",          "lt",
                                        "le",      "gt",  "ge",  "logical_and", "logical_or"};
  const auto kind = static_cast<std::size_t>(op.kind);
  // A number is shorter than a tensor, where the operator takes one.
  const bool takes_number = op.kind != op::Binary::Kind::kMin &&
                            op.kind != op::Binary::Kind::kMax && op.kind < op::Binary::Kind::kAnd;
  const bool short_form = takes_number && !node.numbers[1].empty();
  return fmt::format("torch.{}({}, {})", kNames.at(kind), node.inputs[0],
                     short_form ? node.numbers[1] : node.inputs[1]);
}

Text WriteOp(const op::Where&, const ScriptNode& node) {
  return fmt::format("torch.where({})", fmt::join(node.inputs, ", "));
}

Text WriteOp(const op::Cast&, const ScriptNode& node) {
  return fmt::format("{}.to({})", node.inputs[0], DTypeNumber(node.dtype()));
}

Text WriteOp(const op::Softmax& op, const ScriptNode& node) {
  return fmt::format("torch.{}softmax({}, {})", op.log ? "log_" : "", node.inputs[0], op.dim);
}

Text WriteOp(const op::Reduce& op, const ScriptNode& node) {
  using Kind = op::Reduce::Kind;
  const Text dims = ScriptText(op.dims);
  const Text keep = ScriptText(op.keep_dims);
  const auto call = [&](const char* name) {
    return fmt::format("torch.{}({}, {}, {})", name, node.inputs[0], dims, keep);
  };
  const auto each = [&](const char* name) {  // of operators that take one dimension, last first
    Text x = node.inputs[0];
    for (std::size_t i = op.dims.size(); i-- > 0;) {
      x = fmt::format("torch.{}({}, {}, {})", name, x, op.dims[i], keep);
    }
    return x;
  };
  switch (op.kind) {
    case Kind::kSum:
      return call("sum");
    case Kind::kMean:
      return call("mean");
    case Kind::kMax:
      return call("amax");
    case Kind::kMin:
      return call("amin");
    case Kind::kProd:
      return each("prod");
    case Kind::kNorm1:
      return fmt::format("torch.norm({}, 1, {}, {})", node.inputs[0], dims, keep);
    case Kind::kNorm2:
      return fmt::format("torch.norm({}, 2, {}, {})", node.inputs[0], dims, keep);
    case Kind::kAny:
      return each("any");
    case Kind::kAll:
      return each("all");
  }
  return {};
}

Text WriteOp(const op::ArgMax& op, const ScriptNode& node) {
  return fmt::format("torch.{}({}, {}, {})", op.smallest ? "argmin" : "argmax", node.inputs[0],
                     op.dim, ScriptText(op.keep_dim));
}

Text WriteOp(const op::TopK& op, const ScriptNode& node) {
  return fmt::format("torch.topk({}, {}, {}, {}, True)", node.inputs[0], op.k, op.dim,
                     ScriptText(op.largest));
}

Text WriteOp(const op::Concat& op, const ScriptNode& node) {
  return fmt::format("torch.cat([{}], {})", fmt::join(node.inputs, ", "), op.dim);
}

Text WriteOp(const op::Slice& op, const ScriptNode& node) {
  const Dim& size = node.shape()[static_cast<std::size_t>(op.dim)];
  const Dim end(op.start + op.step * (size.base - 1) + 1, op.step * size.per_batch);
  return fmt::format("torch.slice({}, {}, {}, {}, {})", node.inputs[0], op.dim, op.start,
                     size == Dim(0) ? std::to_string(op.start) : ScriptText(end), op.step);
}

Text WriteOp(const op::Reshape&, const ScriptNode& node) {
  return fmt::format("torch.reshape({}, {})", node.inputs[0], ScriptText(node.shape()));
}

Text WriteOp(const op::Permute& op, const ScriptNode& node) {
  return fmt::format("torch.permute({}, {})", node.inputs[0], ScriptText(op.order));
}

Text WriteOp(const op::Expand&, const ScriptNode& node) {
  return fmt::format("{}.expand({})", node.inputs[0], ScriptText(node.shape()));
}

Text WriteOp(const op::Fill& op, const ScriptNode& node) {
  return fmt::format("torch.full({}, {}, dtype={})", ScriptText(node.shape()), ScriptText(op.value),
                     DTypeNumber(node.dtype()));
}

Text WriteOp(const op::Pad& op, const ScriptNode& node) {
  Dims pads;
  for (std::size_t i = op.begin.size(); i-- > 0;) pads.insert(pads.end(), {op.begin[i], op.end[i]});
  if (op.mode == op::Pad::Mode::kConstant) {
    return fmt::format("torch.constant_pad_nd({}, {}, {})", node.inputs[0], ScriptText(pads),
                       ScriptText(op.value));
  }
  while (pads.size() > 2 && pads.back() == 0 && pads[pads.size() - 2] == 0)
    pads.resize(pads.size() - 2);
  return fmt::format("torch.pad({}, {}, '{}')", node.inputs[0], ScriptText(pads),
                     op.mode == op::Pad::Mode::kReflect ? "reflect" : "replicate");
}

// The table is made wide behind the look-up, not all of it before.
Text WriteOp(const op::Gather& op, const ScriptNode& node) {
  const Text wide = node.raw[0] != node.inputs[0] ? ".float()" : "";
  if (op.dim == 0)
    return fmt::format("torch.embedding({}, {}){}", node.raw[0], node.inputs[1], wide);
  Text index = node.inputs[1];
  const bool flat = node.input_shape(1).size() == 1;
  if (!flat) index = fmt::format("torch.reshape({}, [-1])", index);
  const Text text =
      fmt::format("torch.index_select({}, {}, {}){}", node.raw[0], op.dim, index, wide);
  return flat ? text : fmt::format("torch.reshape({}, {})", text, ScriptText(node.shape()));
}

Text WriteOp(const op::CumSum& op, const ScriptNode& node) {
  return fmt::format("torch.cumsum({}, {})", node.inputs[0], op.dim);
}

// WriteScript refuses integer layers.
template <class Quantized>
Text WriteOp(const Quantized&, const ScriptNode&) {
  return {};
}

}  // namespace

Text ScriptText(const Dim& dim) {
  if (dim.is_constant()) return std::to_string(dim.base);
  const Text scaled = dim.per_batch == 1 ? "n" : fmt::format("{} * n", dim.per_batch);
  return dim.base == 0 ? scaled : fmt::format("{} + {}", scaled, dim.base);
}

Text ScriptText(const Shape& shape) {
  std::vector<Text> sizes;
  for (const Dim& dim : shape) sizes.push_back(ScriptText(dim));
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

Text ScriptText(const Dims& numbers) { return fmt::format("[{}]", fmt::join(numbers, ", ")); }

Text ScriptText(double number) {
  if (std::isnan(number)) return "float('nan')";
  if (std::isinf(number)) return number > 0 ? "float('inf')" : "float('-inf')";
  const Text text = fmt::format("{}", number);
  return text.find_first_of(".e") == Text::npos ? text + "." : text;
}

Text ScriptText(bool value) { return value ? "True" : "False"; }

Text ScriptExpression(const ScriptNode& node) {
  return std::visit([&](const auto& op) { return WriteOp(op, node); }, node.node.op);
}

}  // namespace fedge::internal
