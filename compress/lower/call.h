#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/function_schema.h>

#include "fedge/lower/abstract.h"
#include "fedge/lower/builder.h"
#include "fedge/lower/refusal.h"

namespace fedge::lower {

// One call of a TorchScript operator: its arguments by the names of its schema, and the program
// that it goes into. What is not of the kind asked for is refused. Thread-compatible.
class Call {
 public:
  Call(const c10::FunctionSchema& schema, std::vector<Abstract> arguments, ProgramBuilder& builder)
      : schema_(&schema), arguments_(std::move(arguments)), builder_(&builder) {}

  const std::string& name() const { return schema_->name(); }  // "aten::conv2d"
  ProgramBuilder& builder() const { return *builder_; }
  const std::vector<Abstract>& arguments() const { return arguments_; }

  // Whether the overload has this argument at all, and whether it is given and not None.
  bool Knows(std::string_view argument) const { return Find(argument) != nullptr; }
  bool Has(std::string_view argument) const;
  const Abstract& Get(std::string_view argument) const;

  TensorValue Tensor(std::string_view argument) const;
  TensorValue OptionalTensor(std::string_view argument) const;  // absent if it is not given
  std::vector<TensorValue> Tensors(std::string_view argument) const;

  bool IsTensor(std::string_view argument) const;
  double Number(std::string_view argument) const;
  double Number(std::string_view argument, double otherwise) const;
  bool Bool(std::string_view argument) const;
  bool Bool(std::string_view argument, bool otherwise) const;
  std::int64_t Int(std::string_view argument) const;
  std::int64_t Int(std::string_view argument, std::int64_t otherwise) const;
  Dim Size(std::string_view argument) const;
  std::string String(std::string_view argument) const;
  std::vector<std::int64_t> Ints(std::string_view argument) const;
  Shape Sizes(std::string_view argument) const;
  // The dtype asked for, or the other.
  c10::ScalarType DTypeOr(c10::ScalarType otherwise) const;
  // {height, width}; {1, width} of an operator of one dimension; one number is both. `otherwise`
  // where the list is empty.
  op::Pair Pair(std::string_view argument, bool one_dimensional, op::Pair otherwise) const;
  // A dimension of a tensor of `rank`, counted from the front.
  std::int64_t Axis(std::string_view argument, std::int64_t rank) const;
  std::vector<std::int64_t> Axes(std::string_view argument, std::int64_t rank) const;  // ascending

  // The same call with another first argument: what a view is of a changed tensor.
  Call WithFirst(TensorValue tensor) const;

 private:
  const Abstract* Find(std::string_view argument) const;

  const c10::FunctionSchema* schema_;
  std::vector<Abstract> arguments_;
  ProgramBuilder* builder_;
};

std::int64_t NormalizeAxis(std::int64_t axis, std::int64_t rank);
// What an int or Dim, or the elements of a list of them, are.
std::int64_t ToInt(const Abstract& value, std::string_view what);
Dim ToDim(const Abstract& value, std::string_view what);
// Whether a is smaller, equal ... for every batch; refused if that depends on the batch.
bool AlwaysLess(const Dim& a, const Dim& b);
bool AlwaysEqual(const Dim& a, const Dim& b);

}  // namespace fedge::lower
