#include "fedge/lower/call.h"

#include <algorithm>
#include <set>

#include "fedge/lower/tensor_cell.h"

namespace fedge::lower {
namespace {

const Sequence& ToSequence(const Abstract& value, std::string_view what) {
  const auto* sequence = std::get_if<std::shared_ptr<Sequence>>(&value);
  if (sequence == nullptr) Refuse("'{}' is {}, not a list", what, Describe(value));
  return **sequence;
}

TensorValue ToTensor(const Abstract& value, std::string_view what) {
  if (const auto* tensor = std::get_if<TensorHandle>(&value)) return (*tensor)->Read();
  Refuse("'{}' is {}, not a tensor", what, Describe(value));
}

const c10::IValue& ToLeaf(const Abstract& value, std::string_view what) {
  const auto* leaf = std::get_if<c10::IValue>(&value);
  if (leaf == nullptr)
    Refuse("'{}' is {}, which is not known before the model runs", what, Describe(value));
  return *leaf;
}

}  // namespace

std::int64_t NormalizeAxis(std::int64_t axis, std::int64_t rank) {
  const std::int64_t dims = std::max<std::int64_t>(rank, 1);
  if (axis < -dims || axis >= dims) Refuse("dimension {} of a tensor of {}", axis, rank);
  return axis < 0 ? axis + dims : axis;
}

Dim ToDim(const Abstract& value, std::string_view what) {
  const std::optional<Dim> dim = AsDim(value);
  if (!dim) Refuse("'{}' is {}, not a size known before the model runs", what, Describe(value));
  return *dim;
}

std::int64_t ToInt(const Abstract& value, std::string_view what) {
  const Dim dim = ToDim(value, what);
  if (!dim.is_constant()) Refuse("'{}' is {}, which depends on the batch", what, ToString(dim));
  return dim.base;
}

// A difference that grows with N changes its sign at most once.
bool AlwaysLess(const Dim& a, const Dim& b) {
  const auto difference = Subtract(a, b);
  if (!difference) Refuse("compares sizes that are too large");
  const bool first = difference->At(1) < 0;
  const bool last = difference->At(kMaxBatch) < 0;
  if (first != last) Refuse("'{} < {}' depends on the batch", ToString(a), ToString(b));
  return first;
}

bool AlwaysEqual(const Dim& a, const Dim& b) {
  if (a == b) return true;
  const auto difference = Subtract(a, b);
  if (!difference) Refuse("compares sizes that are too large");
  if (difference->is_constant()) return false;
  const std::int64_t root = -difference->base / difference->per_batch;
  const bool once = root >= 1 && root <= kMaxBatch && difference->At(root) == 0;
  if (once) Refuse("'{} == {}' depends on the batch", ToString(a), ToString(b));
  return false;
}

const Abstract* Call::Find(std::string_view argument) const {
  const auto& formals = schema_->arguments();
  for (std::size_t i = 0; i < formals.size() && i < arguments_.size(); ++i) {
    if (formals[i].name() == argument) return &arguments_[i];
  }
  return nullptr;
}

const Abstract& Call::Get(std::string_view argument) const {
  const Abstract* found = Find(argument);
  if (found == nullptr) Refuse("the overload without '{}' is not supported", argument);
  return *found;
}

bool Call::Has(std::string_view argument) const {
  const Abstract* found = Find(argument);
  return found != nullptr && !IsNone(*found);
}

TensorValue Call::Tensor(std::string_view argument) const {
  return ToTensor(Get(argument), argument);
}

TensorValue Call::OptionalTensor(std::string_view argument) const {
  return Has(argument) ? Tensor(argument) : TensorValue();
}

std::vector<TensorValue> Call::Tensors(std::string_view argument) const {
  std::vector<TensorValue> tensors;
  for (const Abstract& element : ToSequence(Get(argument), argument).elements) {
    tensors.push_back(ToTensor(element, argument));
  }
  return tensors;
}

bool Call::IsTensor(std::string_view argument) const {
  return std::holds_alternative<TensorHandle>(Get(argument));
}

double Call::Number(std::string_view argument) const {
  const Abstract& value = Get(argument);
  if (const auto* tensor = std::get_if<TensorHandle>(&value)) {
    const TensorValue& now = (*tensor)->Read();
    if (now.is_constant() && now.constant.numel() == 1) return now.constant.item().toDouble();
  }
  const c10::IValue& leaf = ToLeaf(value, argument);
  if (!leaf.isScalar()) Refuse("'{}' is {}, not a number", argument, Describe(value));
  return leaf.toScalar().toDouble();
}

double Call::Number(std::string_view argument, double otherwise) const {
  return Has(argument) ? Number(argument) : otherwise;
}

bool Call::Bool(std::string_view argument) const {
  const c10::IValue& leaf = ToLeaf(Get(argument), argument);
  return leaf.isBool() ? leaf.toBool() : ToInt(leaf, argument) != 0;
}

bool Call::Bool(std::string_view argument, bool otherwise) const {
  return Has(argument) ? Bool(argument) : otherwise;
}

std::int64_t Call::Int(std::string_view argument) const { return ToInt(Get(argument), argument); }

std::int64_t Call::Int(std::string_view argument, std::int64_t otherwise) const {
  return Has(argument) ? Int(argument) : otherwise;
}

Dim Call::Size(std::string_view argument) const { return ToDim(Get(argument), argument); }

std::string Call::String(std::string_view argument) const {
  const c10::IValue& leaf = ToLeaf(Get(argument), argument);
  if (!leaf.isString()) Refuse("'{}' is no text", argument);
  return leaf.toStringRef();
}

Shape Call::Sizes(std::string_view argument) const {
  const Abstract& value = Get(argument);
  if (AsDim(value).has_value()) return {*AsDim(value)};
  Shape sizes;
  for (const Abstract& element : ToSequence(value, argument).elements) {
    sizes.push_back(ToDim(element, argument));
  }
  return sizes;
}

std::vector<std::int64_t> Call::Ints(std::string_view argument) const {
  std::vector<std::int64_t> numbers;
  for (const Dim& size : Sizes(argument)) numbers.push_back(ToInt(FromDim(size), argument));
  return numbers;
}

c10::ScalarType Call::DTypeOr(c10::ScalarType otherwise) const {
  return Has("dtype") ? static_cast<c10::ScalarType>(Int("dtype")) : otherwise;
}

op::Pair Call::Pair(std::string_view argument, bool one_dimensional, op::Pair otherwise) const {
  if (!Has(argument)) return otherwise;
  const std::vector<std::int64_t> numbers = Ints(argument);
  if (numbers.empty()) return otherwise;
  if (one_dimensional) return {otherwise[0], numbers[0]};
  return {numbers.front(), numbers.back()};
}

std::int64_t Call::Axis(std::string_view argument, std::int64_t rank) const {
  return NormalizeAxis(Int(argument), rank);
}

std::vector<std::int64_t> Call::Axes(std::string_view argument, std::int64_t rank) const {
  std::set<std::int64_t> axes;
  for (const std::int64_t axis : Ints(argument)) axes.insert(NormalizeAxis(axis, rank));
  return {axes.begin(), axes.end()};
}

Call Call::WithFirst(TensorValue tensor) const {
  Call copy = *this;
  copy.arguments_.front() = std::make_shared<TensorCell>(std::move(tensor));
  return copy;
}

}  // namespace fedge::lower
