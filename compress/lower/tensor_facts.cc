#include <string_view>

#include "fedge/lower/call.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/structural.h"
#include "fedge/lower/tensor_cell.h"

// What is known of a tensor without its elements, and of values by their types.
namespace fedge::lower {
namespace {

using Values = std::vector<Abstract>;

Values One(c10::IValue value) { return {Abstract(std::move(value))}; }

Structure SizeOf(const StructuralCall& call, const TensorValue& tensor) {
  if (call.inputs.size() > 1) {
    const std::int64_t dim = NormalizeAxis(ToInt(call.inputs[1], "dim"), tensor.rank());
    return Values{FromDim(tensor.shape.at(static_cast<std::size_t>(dim)))};
  }
  std::vector<Abstract> sizes;
  for (const Dim& size : tensor.shape) sizes.push_back(FromDim(size));
  return Values{MakeList(std::move(sizes))};
}

Structure FactOf(const StructuralCall& call, const TensorValue& tensor) {
  const std::string_view name = call.name;
  if (name == "aten::size" || name == "prim::shape") return SizeOf(call, tensor);
  if (name == "aten::dim" || name == "aten::ndimension") return One(tensor.rank());
  if (name == "aten::len") {
    if (tensor.shape.empty()) Refuse("takes the length of a tensor without dimensions");
    return Values{FromDim(tensor.shape[0])};
  }
  if (name == "aten::numel") {
    const auto elements = NumElements(tensor.shape);
    if (!elements) Refuse("counts the elements of {}", ToString(tensor.shape));
    return Values{FromDim(*elements)};
  }
  if (name == "prim::dtype") return One(static_cast<std::int64_t>(tensor.dtype));
  if (name == "prim::device") return One(c10::Device(c10::kCPU));
  if (name == "prim::layout") return One(static_cast<std::int64_t>(c10::kStrided));
  if (name == "prim::requires_grad" || name == "prim::is_cuda" || name == "prim::is_quantized" ||
      name == "prim::is_nested" || name == "prim::is_sparse" || name == "prim::is_mkldnn" ||
      name == "prim::is_mps" || name == "prim::is_meta" || name == "prim::is_vulkan" ||
      name == "prim::is_xpu" || name == "aten::is_complex" || name == "aten::is_neg" ||
      name == "aten::is_conj") {
    return One(false);
  }
  if (name == "aten::is_floating_point") return One(c10::isFloatingType(tensor.dtype));
  if (name == "aten::is_contiguous") return One(true);
  if (name == "aten::get_device") return One(std::int64_t{-1});
  return std::nullopt;
}

// By the static type, or by what the value is where that says nothing.
Structure IsInstance(const StructuralCall& call) {
  const auto matches = [&](const c10::TypePtr& wanted) {
    if (call.node.input()->type()->isSubtypeOf(*wanted)) return true;
    const Abstract& value = call.inputs[0];
    if (std::holds_alternative<TensorHandle>(value)) {
      return wanted->kind() == c10::TypeKind::TensorType;
    }
    if (const auto* sequence = std::get_if<std::shared_ptr<Sequence>>(&value)) {
      return wanted->kind() ==
             ((*sequence)->is_tuple ? c10::TypeKind::TupleType : c10::TypeKind::ListType);
    }
    const auto* leaf = std::get_if<c10::IValue>(&value);
    if (leaf == nullptr) return wanted->kind() == c10::TypeKind::IntType;
    return leaf->type()->isSubtypeOf(*wanted);
  };
  for (const c10::TypePtr& wanted : call.node.tys(c10::attr::types)) {
    if (matches(wanted)) return One(true);
  }
  return One(false);
}

// x is None, where x is no IValue.
Structure IsSame(const StructuralCall& call) {
  const bool both_none = IsNone(call.inputs.at(0)) && IsNone(call.inputs.at(1));
  const bool one_none = IsNone(call.inputs.at(0)) || IsNone(call.inputs.at(1));
  if (one_none) return One(both_none == (call.name == "aten::__is__"));
  const auto* a = std::get_if<TensorHandle>(&call.inputs.at(0));
  const auto* b = std::get_if<TensorHandle>(&call.inputs.at(1));
  if (a != nullptr && b != nullptr) return One((*a == *b) == (call.name == "aten::__is__"));
  return std::nullopt;
}

}  // namespace

Structure EvaluateTensorFact(const StructuralCall& call) {
  const std::string_view name = call.name;
  if (name == "prim::unchecked_cast" || name == "prim::unchecked_unwrap_optional" ||
      name == "aten::_unwrap_optional") {
    if (name == "aten::_unwrap_optional" && IsNone(call.inputs.at(0))) {
      Refuse("the model itself refuses these inputs: a value is None");
    }
    return Values{call.inputs.at(0)};
  }
  if (name == "prim::isinstance") return IsInstance(call);
  if (name == "aten::__is__" || name == "aten::__isnot__") return IsSame(call);
  // Inference, so that models take the way that is made of ordinary operators.
  if (name == "aten::is_grad_enabled") return One(true);
  if (name == "aten::warn" || name == "aten::set_grad_enabled" || name == "aten::manual_seed") {
    return Values{};
  }
  if (call.inputs.empty()) return std::nullopt;
  if (name == "prim::requires_grad") return One(true);
  const auto* tensor = std::get_if<TensorHandle>(&call.inputs[0]);
  return tensor == nullptr ? std::nullopt : FactOf(call, (*tensor)->Read());
}

}  // namespace fedge::lower
