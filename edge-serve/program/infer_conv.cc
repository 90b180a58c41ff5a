#include <algorithm>

#include "fedge/program/infer_support.h"

namespace fedge::internal {
namespace {

Status CheckAttributes(const op::Conv& op, bool one_dimensional) {
  FEDGE_RETURN_IF_ERROR(CheckAttribute("groups", op.groups, 1));
  for (std::size_t i = 0; i < 2; ++i) {
    FEDGE_RETURN_IF_ERROR(CheckAttribute("stride", op.stride[i], 1));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("dilation", op.dilation[i], 1));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("pad_begin", op.pad_begin[i], 0));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("pad_end", op.pad_end[i], 0));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("output_pad", op.output_pad[i], 0));
    if (op.output_pad[i] > 0 &&
        (!op.transposed || op.output_pad[i] >= std::max(op.stride[i], op.dilation[i]))) {
      return InvalidArgument("output_pad is {}, but must be below stride or dilation",
                             op.output_pad[i]);
    }
  }
  if (one_dimensional && (op.stride[0] != 1 || op.dilation[0] != 1 || op.pad_begin[0] != 0 ||
                          op.pad_end[0] != 0 || op.output_pad[0] != 0)) {
    return InvalidArgument("has attributes of two dimensions, but x has one");
  }
  return OkStatus();
}

// [O, C / groups, ...] or, transposed, [C, O / groups, ...] against x's channels; returns O.
Result<Dim> OutputChannels(const op::Conv& op, const TensorType& x, const TensorType& weight) {
  const auto per_group = [&](const Dim& channels) { return DivideExactly(channels, op.groups); };
  const Dim& channels = x.shape[1];
  const bool fits = op.transposed
                        ? weight.shape[0] == channels && per_group(channels).has_value()
                        : per_group(channels) == weight.shape[1] && per_group(weight.shape[0]);
  if (!fits) {
    return InvalidArgument("weight is {}, but x has {} channels in {} groups",
                           ToString(weight.shape), ToString(channels), op.groups);
  }
  if (!op.transposed) return weight.shape[0];
  return Exactly(Multiply(weight.shape[1], op.groups), "the number of channels");
}

// Sizes along one spatial dimension; all numbers are below 2^31.
Result<Dim> OutputSize(const op::Conv& op, std::size_t i, const Dim& size, std::int64_t kernel) {
  const std::int64_t reach = op.dilation[i] * (kernel - 1) + 1;
  const std::int64_t pads = op.pad_begin[i] + op.pad_end[i];
  if (op.transposed) {
    auto output = Subtract(size, 1);
    if (output) output = Multiply(*output, op.stride[i]);
    if (output) output = Add(*output, reach + op.output_pad[i] - pads);
    FEDGE_ASSIGN_OR_RETURN(const Dim result, Exactly(output, "the output"));
    if (!AtMost(1, result) || !AtMost(1, size)) {
      return InvalidArgument("a size of {} leaves an output of {}", ToString(size),
                             ToString(result));
    }
    return result;
  }
  FEDGE_ASSIGN_OR_RETURN(const Dim padded, Exactly(Add(size, pads), "the padded input"));
  if (!AtMost(reach, padded)) {
    return InvalidArgument("the kernel reaches over {}, but the padded input has {}", reach,
                           ToString(padded));
  }
  auto output = Subtract(padded, reach);
  if (output) output = DivideRoundingDown(*output, op.stride[i]);
  if (output) output = Add(*output, 1);
  return Exactly(output, "the output");
}

}  // namespace

Result<Shape> ConvOutputShape(const op::Conv& op, const TensorType& x, const TensorType& weight) {
  const std::size_t rank = x.shape.size();
  if (rank != 3 && rank != 4) {
    return InvalidArgument("x is {}, but must be [N, C, W] or [N, C, H, W]", ToString(x.shape));
  }
  FEDGE_RETURN_IF_ERROR(CheckRank("weight", weight, rank));
  FEDGE_RETURN_IF_ERROR(CheckAttributes(op, rank == 3));
  FEDGE_ASSIGN_OR_RETURN(const Dim channels, OutputChannels(op, x, weight));
  Shape shape = {x.shape[0], channels};
  for (std::size_t d = 2; d < rank; ++d) {
    const Dim& kernel = weight.shape[d];
    if (!kernel.is_constant()) return InvalidArgument("weight grows with the batch");
    FEDGE_RETURN_IF_ERROR(CheckAttribute("kernel", kernel.base, 1));
    FEDGE_ASSIGN_OR_RETURN(const Dim size, OutputSize(op, d + 2 - rank, x.shape[d], kernel.base));
    shape.push_back(size);
  }
  return shape;
}

Result<Types> Infer(const op::Conv& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x", "weight", "bias?"}));
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckFloating("x", x));
  FEDGE_RETURN_IF_ERROR(CheckSameDType("weight", *inputs[1], x));
  FEDGE_ASSIGN_OR_RETURN(Shape shape, ConvOutputShape(op, x, *inputs[1]));
  FEDGE_RETURN_IF_ERROR(CheckShape("bias", inputs[2], {shape[1]}));
  return Types{{x.dtype, std::move(shape)}};
}

}  // namespace fedge::internal
