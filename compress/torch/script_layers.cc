#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fedge/compress_torch/script_ops.h"

// Layers of a program as TorchScript.
namespace fedge::internal {
namespace {

// Of the spatial dimensions that the tensor has.
Text Spatial(const op::Pair& pair, std::size_t rank) {
  return rank == 3 ? fmt::format("[{}]", pair[1]) : fmt::format("[{}, {}]", pair[0], pair[1]);
}
Text Suffix(std::size_t rank) { return rank == 3 ? "1d" : "2d"; }

}  // namespace

Text WriteOp(const op::Conv& op, const ScriptNode& node) {
  const std::size_t rank = node.input_shape(1).size();
  Text x = node.inputs[0];
  op::Pair pad = op.pad_begin;
  if (op.transposed) {
    return fmt::format("torch.conv_transpose{}({}, {}, {}, {}, {}, {}, {}, {})", Suffix(rank), x,
                       node.inputs[1], node.inputs[2], Spatial(op.stride, rank), Spatial(pad, rank),
                       Spatial(op.output_pad, rank), op.groups, Spatial(op.dilation, rank));
  }
  if (op.pad_begin != op.pad_end) {
    Dims pads = {op.pad_begin[1], op.pad_end[1]};
    if (rank == 4) pads.insert(pads.end(), {op.pad_begin[0], op.pad_end[0]});
    x = fmt::format("torch.constant_pad_nd({}, {})", x, ScriptText(pads));
    pad = {0, 0};
  }
  return fmt::format("torch.conv{}({}, {}, {}, {}, {}, {}, {})", Suffix(rank), x, node.inputs[1],
                     node.inputs[2], Spatial(op.stride, rank), Spatial(pad, rank),
                     Spatial(op.dilation, rank), op.groups);
}

Text WriteOp(const op::Linear&, const ScriptNode& node) {
  return fmt::format("torch.linear({})", fmt::join(node.inputs, ", "));
}

Text WriteOp(const op::MatMul&, const ScriptNode& node) {
  return fmt::format("torch.matmul({})", fmt::join(node.inputs, ", "));
}

Text WriteOp(const op::Attention& op, const ScriptNode& node) {
  const Dim size = node.input_shape(0).back();
  const bool usual = std::abs(op.scale * std::sqrt(static_cast<double>(size.base)) - 1) < 1e-12;
  return fmt::format("torch.scaled_dot_product_attention({}, 0., {}{})",
                     fmt::join(node.inputs, ", "), ScriptText(op.causal),
                     usual ? "" : ", scale=" + ScriptText(op.scale));
}

Text WriteOp(const op::BatchNorm& op, const ScriptNode& node) {
  return fmt::format("torch.batch_norm({}, {}, {}, {}, {}, False, 0., {}, False)", node.inputs[0],
                     node.inputs[1], node.inputs[2], node.inputs[3], node.inputs[4],
                     ScriptText(op.eps));
}

Text WriteOp(const op::LayerNorm& op, const ScriptNode& node) {
  const Shape& shape = node.shape();
  const Shape last(shape.end() - static_cast<std::ptrdiff_t>(op.num_dims), shape.end());
  return fmt::format("torch.layer_norm({}, {}, {}, {}, {})", node.inputs[0], ScriptText(last),
                     node.inputs[1], node.inputs[2], ScriptText(op.eps));
}

Text WriteOp(const op::GroupNorm& op, const ScriptNode& node) {
  return fmt::format("torch.group_norm({}, {}, {}, {}, {})", node.inputs[0], op.groups,
                     node.inputs[1], node.inputs[2], ScriptText(op.eps));
}

Text WriteOp(const op::Pool& op, const ScriptNode& node) {
  const std::size_t rank = node.shape().size();
  const Text start = fmt::format("torch.{}_pool{}({}, {}, {}, {}, ", op.average ? "avg" : "max",
                                 Suffix(rank), node.inputs[0], Spatial(op.kernel, rank),
                                 Spatial(op.stride, rank), Spatial(op.pad, rank));
  if (!op.average) {
    return start + fmt::format("{}, {})", Spatial(op.dilation, rank), ScriptText(op.ceil_mode));
  }
  const Text divisor = op.divisor_override == 0 ? "" : fmt::format(", {}", op.divisor_override);
  return start + fmt::format("{}, {}{})", ScriptText(op.ceil_mode),
                             ScriptText(op.count_include_pad), divisor);
}

Text WriteOp(const op::AdaptivePool& op, const ScriptNode& node) {
  const Shape& shape = node.shape();
  const Text text = fmt::format("torch.adaptive_{}_pool{}({}, {})", op.average ? "avg" : "max",
                                Suffix(shape.size()), node.inputs[0],
                                ScriptText(Shape(shape.begin() + 2, shape.end())));
  return op.average ? text : text + "[0]";
}

Text WriteOp(const op::Resize& op, const ScriptNode& node) {
  const Shape& shape = node.shape();
  const bool linear = op.mode == op::Resize::Mode::kLinear;
  const auto scale = [](double given) { return given > 0 ? ScriptText(given) : Text("None"); };
  Text text = fmt::format("torch.upsample_{}{}({}, {}",
                          linear ? (shape.size() == 3 ? "linear" : "bilinear") : "nearest",
                          Suffix(shape.size()), node.inputs[0],
                          ScriptText(Shape(shape.begin() + 2, shape.end())));
  if (linear) text += ", " + ScriptText(op.align_corners);
  if (shape.size() == 4) text += ", " + scale(op.scale_height);
  return text + ", " + scale(op.scale_width) + ")";
}

Text WriteOp(const op::Recurrent& op, const ScriptNode& node) {
  const std::vector<Text>& in = node.inputs;
  const bool biases = in[5] != "None";
  const bool lstm = op.kind == op::Recurrent::Kind::kLstm;
  const Text x = op.reverse ? fmt::format("torch.flip({}, [1])", in[0]) : in[0];
  const Text state = lstm ? fmt::format("[{}.unsqueeze(0), {}.unsqueeze(0)]", in[1], in[2])
                          : fmt::format("{}.unsqueeze(0)", in[1]);
  const Text params = biases ? fmt::format("{}, {}, {}, {}", in[3], in[4], in[5], in[6])
                             : fmt::format("{}, {}", in[3], in[4]);
  return fmt::format("torch.{}({}, {}, [{}], {}, 1, 0., False, False, True)", lstm ? "lstm" : "gru",
                     x, state, params, ScriptText(biases));
}

}  // namespace fedge::internal
