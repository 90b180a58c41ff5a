#include "fedge/program/infer_support.h"

// Pools and resizing: over the last two dimensions of [N, C, H, W], the last of [N, C, W].
namespace fedge::internal {
namespace {

Status CheckImage(const TensorType& x) {
  if (x.shape.size() == 3 || x.shape.size() == 4) return OkStatus();
  return InvalidArgument("x is {}, but must be [N, C, W] or [N, C, H, W]", ToString(x.shape));
}

Status CheckAttributes(const op::Pool& op, bool one_dimensional) {
  FEDGE_RETURN_IF_ERROR(CheckAttribute("divisor_override", op.divisor_override, 0));
  for (std::size_t i = 0; i < 2; ++i) {
    FEDGE_RETURN_IF_ERROR(CheckAttribute("kernel", op.kernel[i], 1));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("stride", op.stride[i], 1));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("dilation", op.dilation[i], 1));
    FEDGE_RETURN_IF_ERROR(CheckAttribute("pad", op.pad[i], 0));
    if (op.average && op.dilation[i] != 1) return InvalidArgument("has a dilation");
    // So that every window meets the input.
    const std::int64_t reach = op.dilation[i] * (op.kernel[i] - 1) + 1;
    if (op.pad[i] > reach / 2) {
      return InvalidArgument("pad is {}, but must be at most half of {}", op.pad[i], reach);
    }
  }
  if (one_dimensional && (op.kernel[0] != 1 || op.stride[0] != 1 || op.pad[0] != 0)) {
    return InvalidArgument("has attributes of two dimensions, but x has one");
  }
  return OkStatus();
}

// torch/aten/src/ATen/native/Pool.h, pooling_output_shape.
Result<Dim> OutputSize(const op::Pool& op, std::size_t i, const Dim& size) {
  const std::int64_t reach = op.dilation[i] * (op.kernel[i] - 1) + 1;
  FEDGE_ASSIGN_OR_RETURN(const Dim padded, Exactly(Add(size, 2 * op.pad[i]), "the padded input"));
  if (!AtMost(reach, padded) || !AtMost(1, size)) {
    return InvalidArgument("the kernel reaches over {}, but the padded input has {}", reach,
                           ToString(padded));
  }
  auto steps = Subtract(padded, reach);
  if (steps && op.ceil_mode) steps = Add(*steps, op.stride[i] - 1);
  if (steps) steps = DivideRoundingDown(*steps, op.stride[i]);
  if (steps) steps = Add(*steps, 1);
  FEDGE_ASSIGN_OR_RETURN(const Dim output, Exactly(steps, "the output"));
  if (!op.ceil_mode) return output;
  // A last window that would begin in the padding behind the input is left out.
  FEDGE_ASSIGN_OR_RETURN(const Dim last, Exactly(Multiply(*Subtract(output, 1), op.stride[i]), ""));
  FEDGE_ASSIGN_OR_RETURN(const Dim end, Exactly(Add(size, op.pad[i] - 1), ""));
  if (AtMost(last, end)) return output;
  if (!size.is_constant()) return InvalidArgument("ceil_mode over a size that grows");
  return *Subtract(output, 1);
}

// Of operators whose output's sizes are declared: only the spatial ones may differ.
Result<TensorType> DeclaredSizes(const TensorType& x, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckImage(x));
  FEDGE_ASSIGN_OR_RETURN(TensorType output, OnlyDeclared(declared));
  const std::size_t rank = x.shape.size();
  bool fits =
      output.shape.size() == rank && output.shape[0] == x.shape[0] && output.shape[1] == x.shape[1];
  for (std::size_t d = 2; fits && d < rank; ++d) {
    fits = AtMost(1, output.shape[d]) && AtMost(1, x.shape[d]);
  }
  if (!fits) {
    return InvalidArgument("x is {}, but the output {}", ToString(x.shape), ToString(output.shape));
  }
  output.dtype = x.dtype;
  return output;
}

}  // namespace

Result<Types> Infer(const op::Pool& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  TensorType output = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckImage(output));
  FEDGE_RETURN_IF_ERROR(op.average ? CheckFloating("x", output) : CheckNumeric("x", output));
  const std::size_t rank = output.shape.size();
  FEDGE_RETURN_IF_ERROR(CheckAttributes(op, rank == 3));
  for (std::size_t d = 2; d < rank; ++d) {
    FEDGE_ASSIGN_OR_RETURN(output.shape[d], OutputSize(op, d + 2 - rank, output.shape[d]));
  }
  return Types{std::move(output)};
}

Result<Types> Infer(const op::AdaptivePool& op, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(op.average ? CheckFloating("x", x) : CheckNumeric("x", x));
  FEDGE_ASSIGN_OR_RETURN(TensorType output, DeclaredSizes(x, declared));
  return Types{std::move(output)};
}

Result<Types> Infer(const op::Resize& op, Inputs inputs, Declared declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  const TensorType& x = *inputs[0];
  if (op.mode == op::Resize::Mode::kLinear) FEDGE_RETURN_IF_ERROR(CheckFloating("x", x));
  // Also false for NaN.
  const auto valid = [](double scale) { return scale >= 0 && scale < kMaxAttribute; };
  if (!valid(op.scale_height) || !valid(op.scale_width)) {
    return InvalidArgument("scales are {} and {}, but must be 0 or more and below 2^31",
                           op.scale_height, op.scale_width);
  }
  FEDGE_ASSIGN_OR_RETURN(TensorType output, DeclaredSizes(x, declared));
  return Types{std::move(output)};
}

}  // namespace fedge::internal
