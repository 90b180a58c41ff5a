#include <algorithm>
#include <functional>

#include "fedge/program/infer_support.h"

namespace fedge::internal {
namespace {

Shape Without(const Shape& shape, std::span<const std::int64_t> dims, bool keep) {
  Shape result;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (std::find(dims.begin(), dims.end(), static_cast<std::int64_t>(d)) == dims.end()) {
      result.push_back(shape[d]);
    } else if (keep) {
      result.emplace_back(1);
    }
  }
  return result;
}

Status CheckReducedType(const op::Reduce& op, const TensorType& x) {
  using enum op::Reduce::Kind;
  switch (op.kind) {
    case kMean:
    case kNorm1:
    case kNorm2:
      return CheckFloating("x", x);
    case kAny:
    case kAll:
      return x.dtype == DType::kBool
                 ? OkStatus()
                 : InvalidArgument("x is {}, but must be bool", DTypeName(x.dtype));
    default:
      return CheckNumeric("x", x);
  }
}

// Of operators that have no answer for no elements.
Status CheckNotEmpty(const TensorType& x, std::int64_t dim) {
  if (AtMost(1, x.shape[static_cast<std::size_t>(dim)])) return OkStatus();
  return InvalidArgument("x is {}: there is nothing along dim {}", ToString(x.shape), dim);
}

}  // namespace

Result<Types> Infer(const op::Reduce& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckReducedType(op, x));
  if (op.dims.empty() || !std::is_sorted(op.dims.begin(), op.dims.end(), std::less_equal<>())) {
    return InvalidArgument(
        "dims are [{}], but must ascend and be at least one",
        fmt::join(std::span(op.dims).first(std::min<std::size_t>(op.dims.size(), 16)), ", "));
  }
  const bool needs_elements =
      op.kind == op::Reduce::Kind::kMax || op.kind == op::Reduce::Kind::kMin;
  for (const std::int64_t dim : op.dims) {
    FEDGE_RETURN_IF_ERROR(CheckDim(dim, x.shape.size()));
    if (needs_elements) FEDGE_RETURN_IF_ERROR(CheckNotEmpty(x, dim));
  }
  return Types{{x.dtype, Without(x.shape, op.dims, op.keep_dims)}};
}

Result<Types> Infer(const op::ArgMax& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  const TensorType& x = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckNumeric("x", x));
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, x.shape.size()));
  FEDGE_RETURN_IF_ERROR(CheckNotEmpty(x, op.dim));
  return Types{{DType::kInt64, Without(x.shape, {&op.dim, 1}, op.keep_dim)}};
}

Result<Types> Infer(const op::TopK& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  TensorType values = *inputs[0];
  FEDGE_RETURN_IF_ERROR(CheckNumeric("x", values));
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, values.shape.size()));
  FEDGE_RETURN_IF_ERROR(CheckAttribute("k", op.k, 1));
  Dim& size = values.shape[static_cast<std::size_t>(op.dim)];
  if (!AtMost(op.k, size)) {
    return InvalidArgument("k is {}, but x has {} along dim {}", op.k, ToString(size), op.dim);
  }
  size = op.k;
  TensorType indices = {DType::kInt64, values.shape};
  return Types{std::move(values), std::move(indices)};
}

Result<Types> Infer(const op::CumSum& op, Inputs inputs, Declared) {
  FEDGE_RETURN_IF_ERROR(CheckArity(inputs, {"x"}));
  FEDGE_RETURN_IF_ERROR(CheckNumeric("x", *inputs[0]));
  FEDGE_RETURN_IF_ERROR(CheckDim(op.dim, inputs[0]->shape.size()));
  return Types{*inputs[0]};
}

}  // namespace fedge::internal
