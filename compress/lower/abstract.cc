#include "fedge/lower/abstract.h"

#include <algorithm>

#include "fedge/learn/dtypes.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/tensor_cell.h"

namespace fedge::lower {
namespace {

template <typename Test>
bool AllOf(const Abstract& value, const Test& test) {
  if (const auto* sequence = std::get_if<std::shared_ptr<Sequence>>(&value)) {
    return std::ranges::all_of((*sequence)->elements,
                               [&](const Abstract& element) { return AllOf(element, test); });
  }
  if (const auto* dictionary = std::get_if<std::shared_ptr<Dictionary>>(&value)) {
    return std::ranges::all_of((*dictionary)->items,
                               [&](const auto& item) { return AllOf(item.second, test); });
  }
  return test(value);
}

}  // namespace

TensorValue ConstantTensor(at::Tensor tensor) {
  TensorValue value;
  value.dtype = tensor.scalar_type();
  for (const std::int64_t size : tensor.sizes()) value.shape.emplace_back(size);
  value.constant = std::move(tensor);
  return value;
}

TensorValue MissingTensor(std::string reason) {
  TensorValue value;
  value.missing = std::move(reason);
  return value;
}

Abstract* Dictionary::Find(const c10::IValue& key) {
  const auto found =
      std::ranges::find_if(items, [&](const auto& item) { return item.first == key; });
  return found == items.end() ? nullptr : &found->second;
}

Abstract FromDim(const Dim& dim) {
  if (dim.is_constant()) return c10::IValue(dim.base);
  return dim;
}

Abstract MakeList(std::vector<Abstract> elements) {
  return std::make_shared<Sequence>(Sequence{.is_tuple = false, .elements = std::move(elements)});
}

Abstract MakeTuple(std::vector<Abstract> elements, std::vector<std::string> names) {
  return std::make_shared<Sequence>(
      Sequence{.is_tuple = true, .elements = std::move(elements), .names = std::move(names)});
}

bool IsNone(const Abstract& value) {
  const auto* leaf = std::get_if<c10::IValue>(&value);
  return leaf != nullptr && leaf->isNone();
}

std::optional<Dim> AsDim(const Abstract& value) {
  if (const auto* dim = std::get_if<Dim>(&value)) return *dim;
  if (const auto* leaf = std::get_if<c10::IValue>(&value)) {
    if (leaf->isInt()) return Dim(leaf->toInt());
    if (leaf->isBool()) return Dim(leaf->toBool() ? 1 : 0);
  }
  if (const auto* tensor = std::get_if<TensorHandle>(&value)) {
    const TensorValue& now = (*tensor)->Read();
    if (now.number.has_value()) return now.number;
    if (now.is_constant() && now.constant.numel() == 1 &&
        c10::isIntegralType(now.dtype, /*includeBool=*/true)) {
      return Dim(now.constant.item().toLong());
    }
  }
  return std::nullopt;
}

bool IsUnknown(const Abstract& value) {
  return !AllOf(value, [](const Abstract& leaf) { return !std::holds_alternative<Unknown>(leaf); });
}

bool IsConcrete(const Abstract& value) {
  return AllOf(value, [](const Abstract& leaf) {
    if (const auto* tensor = std::get_if<TensorHandle>(&leaf))
      return (*tensor)->Read().is_constant();
    return std::holds_alternative<c10::IValue>(leaf);
  });
}

std::string Describe(const Abstract& value) {
  if (const auto* leaf = std::get_if<c10::IValue>(&value)) return leaf->tagKind();
  if (const auto* dim = std::get_if<Dim>(&value)) return "the size " + ToString(*dim);
  if (const auto* tensor = std::get_if<TensorHandle>(&value)) {
    const TensorValue& now = (*tensor)->Read();
    return fmt::format("a tensor {} {}", c10::toString(now.dtype), ToString(now.shape));
  }
  if (const auto* sequence = std::get_if<std::shared_ptr<Sequence>>(&value)) {
    return (*sequence)->is_tuple ? "a tuple" : "a list";
  }
  return std::holds_alternative<Unknown>(value) ? "unknown" : "a dictionary";
}

DType ToDType(c10::ScalarType type) {
  const auto dtype = DTypeOf(type);
  if (!dtype) Refuse("the edge engine has no tensors of type {}", c10::toString(type));
  return *dtype;
}

}  // namespace fedge::lower
