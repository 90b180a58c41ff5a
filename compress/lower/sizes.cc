#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "fedge/lower/call.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/structural.h"
#include "fedge/lower/tensor_cell.h"

// Arithmetic with sizes that grow with the batch. What is constant is left to LibTorch.
namespace fedge::lower {
namespace {

using Values = std::vector<Abstract>;

Dim Exactly(const std::optional<Dim>& dim, const char* operation, const Dim& a, const Dim& b) {
  if (dim.has_value()) return *dim;
  Refuse("'{} {} {}' is no size that grows evenly with the batch", ToString(a), operation,
         ToString(b));
}

Dim FloorDivide(const Dim& a, const Dim& b) {
  if (const auto exact = DivideExactly(a, b)) return *exact;
  if (b.is_constant()) return Exactly(DivideRoundingDown(a, b.base), "//", a, b);
  // N // 2N and the like: 0 if smaller for every batch.
  if (AlwaysLess(a, b) && !AlwaysLess(a, Dim(0))) return Dim(0);
  return Exactly(std::nullopt, "//", a, b);
}

Dim Remainder(const Dim& a, const Dim& b) {
  const Dim quotient = FloorDivide(a, b);
  return Exactly(Subtract(a, Exactly(Multiply(quotient, b), "*", quotient, b)), "%", a, b);
}

using Arithmetic = Dim (*)(const Dim&, const Dim&);
using Comparison = bool (*)(const Dim&, const Dim&);

const std::unordered_map<std::string_view, Arithmetic>& Arithmetics() {
  static const std::unordered_map<std::string_view, Arithmetic> kTable = {
      {"aten::add", [](const Dim& a, const Dim& b) { return Exactly(Add(a, b), "+", a, b); }},
      {"aten::sub", [](const Dim& a, const Dim& b) { return Exactly(Subtract(a, b), "-", a, b); }},
      {"aten::mul", [](const Dim& a, const Dim& b) { return Exactly(Multiply(a, b), "*", a, b); }},
      {"aten::floordiv", FloorDivide},
      {"aten::floor_divide", FloorDivide},
      {"aten::__round_to_zero_floordiv", FloorDivide},
      {"aten::remainder", Remainder},
      {"aten::div",
       [](const Dim& a, const Dim& b) { return Exactly(DivideExactly(a, b), "/", a, b); }},
      {"prim::max", [](const Dim& a, const Dim& b) { return AlwaysLess(a, b) ? b : a; }},
      {"prim::min", [](const Dim& a, const Dim& b) { return AlwaysLess(b, a) ? b : a; }},
  };
  return kTable;
}

const std::unordered_map<std::string_view, Comparison>& Comparisons() {
  static const std::unordered_map<std::string_view, Comparison> kTable = {
      {"aten::eq", AlwaysEqual},
      {"aten::ne", [](const Dim& a, const Dim& b) { return !AlwaysEqual(a, b); }},
      {"aten::lt", AlwaysLess},
      {"aten::gt", [](const Dim& a, const Dim& b) { return AlwaysLess(b, a); }},
      {"aten::le", [](const Dim& a, const Dim& b) { return !AlwaysLess(b, a); }},
      {"aten::ge", [](const Dim& a, const Dim& b) { return !AlwaysLess(a, b); }},
  };
  return kTable;
}

// A size that is computed with as a tensor, as tracing leaves it.
Abstract NumberTensor(const Dim& dim) {
  TensorValue value;
  value.dtype = c10::kLong;
  value.number = dim;
  return std::make_shared<TensorCell>(std::move(value));
}

bool Grows(const Abstract& value) {
  const auto dim = AsDim(value);
  return dim.has_value() && !dim->is_constant();
}

Structure EvaluateUnary(const StructuralCall& call, const Dim& size) {
  const std::string_view name = call.name;
  const bool from_tensor = std::holds_alternative<TensorHandle>(call.inputs[0]);
  if (name == "prim::NumToTensor" || name == "aten::scalar_tensor" || name == "aten::tensor" ||
      name == "aten::as_tensor") {
    return Values{NumberTensor(size)};
  }
  if (name == "aten::Int" || name == "aten::IntImplicit" || name == "aten::ScalarImplicit" ||
      name == "prim::ImplicitTensorToNum" || name == "aten::item" || name == "aten::floor" ||
      name == "aten::ceil") {
    return Values{FromDim(size)};
  }
  if (name == "aten::Bool") return Values{c10::IValue(!AlwaysEqual(size, Dim(0)))};
  if (name == "aten::neg") {
    const Dim negative = Exactly(Subtract(Dim(0), size), "-", Dim(0), size);
    return Values{from_tensor ? NumberTensor(negative) : FromDim(negative)};
  }
  if (from_tensor && (name == "aten::to" || name == "aten::detach" || name == "aten::clone" ||
                      name == "aten::contiguous")) {
    return Values{call.inputs[0]};
  }
  if (name == "aten::str") return Values{c10::IValue(ToString(size))};
  return std::nullopt;
}

}  // namespace

Structure EvaluateSize(const StructuralCall& call) {
  if (call.inputs.empty() ||
      (!Grows(call.inputs[0]) && (call.inputs.size() < 2 || !Grows(call.inputs[1])))) {
    // Messages of checks that pass need not be right.
    if (call.name == "aten::format" && !std::ranges::all_of(call.inputs, IsConcrete)) {
      return Values{c10::IValue(std::string("(a message)"))};
    }
    return std::nullopt;
  }
  const auto first = AsDim(call.inputs[0]);
  const auto second = call.inputs.size() > 1 ? AsDim(call.inputs[1]) : std::nullopt;
  if (first && second) {
    const auto compare = Comparisons().find(call.name);
    if (compare != Comparisons().end())
      return Values{c10::IValue(compare->second(*first, *second))};
    const auto compute = Arithmetics().find(call.name);
    if (compute != Arithmetics().end()) {
      const Dim result = compute->second(*first, *second);
      const bool tensor = std::holds_alternative<TensorHandle>(call.inputs[0]) ||
                          std::holds_alternative<TensorHandle>(call.inputs[1]);
      return Values{tensor ? NumberTensor(result) : FromDim(result)};
    }
  }
  return first ? EvaluateUnary(call, *first) : std::nullopt;
}

}  // namespace fedge::lower
