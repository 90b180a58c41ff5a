#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fedge/lower/abstract.h"
#include "fedge/program/infer.h"
#include "fedge/program/program.h"

namespace fedge::lower {

// Adds nodes to a program. Whatever does not fit is refused (Refusal). Shapes and dtypes of outputs
// come from InferOutputs. Thread-compatible.
class ProgramBuilder {
 public:
  TensorValue AddInput(std::string name, DType dtype, Shape shape);

  // Where the nodes that follow come from: the module's path and the place in its code.
  void SetPlace(std::string name, std::string source);
  // What messages and values of constants call a tensor.
  void NameConstant(const at::Tensor& tensor, std::string name);

  // The tensor as a value of the program, be it a constant.
  TensorValue Materialize(const TensorValue& tensor);

  // Inputs that are neither constants nor values are absent ones.
  std::vector<TensorValue> EmitAll(Op op, const std::vector<TensorValue>& inputs,
                                   std::vector<TensorType> declared = {});
  TensorValue Emit(Op op, const std::vector<TensorValue>& inputs);
  TensorValue Emit(Op op, const std::vector<TensorValue>& inputs, TensorType declared);

  // Those that do nothing where there is nothing to do.
  TensorValue Cast(const TensorValue& x, c10::ScalarType dtype);
  TensorValue Reshape(const TensorValue& x, Shape shape);
  TensorValue Expand(const TensorValue& x, Shape shape);
  TensorValue Permute(const TensorValue& x, std::vector<std::int64_t> order);
  // Elements start, start + step ... of a dimension, `size` of them.
  TensorValue Slice(const TensorValue& x, std::int64_t dim, std::int64_t start, Dim size,
                    std::int64_t step = 1);
  TensorValue Concat(std::vector<TensorValue> parts, std::int64_t dim);
  TensorValue Unary(op::Unary::Kind kind, const TensorValue& x, double alpha = 0, double beta = 0);
  // Of inputs that have the same dtype.
  TensorValue Binary(op::Binary::Kind kind, const TensorValue& a, const TensorValue& b);
  // A constant without dimensions.
  static TensorValue Scalar(double value, c10::ScalarType dtype);
  TensorValue Fill(double value, c10::ScalarType dtype, Shape shape);

  std::size_t num_nodes() const { return program_.nodes.size(); }
  // What `base` is once `value` was written over `view`, which the nodes from `first` on made of
  // it.
  TensorValue WriteThrough(const TensorValue& base, std::size_t first, const TensorValue& view,
                           const TensorValue& value);

  void AddOutput(std::string name, const TensorValue& tensor);

  struct Built {
    Program program;                    // constants have no place yet
    std::vector<at::Tensor> constants;  // one per value; undefined for what is no constant
  };
  // Without the nodes and values that no output needs.
  Built Finish() &&;

 private:
  struct LayoutLess {
    bool operator()(const at::Tensor& a, const at::Tensor& b) const;
  };
  ValueId AddValue(Value value, at::Tensor constant = {});
  TensorValue Undo(const Node& node, const TensorValue& value);

  Program program_;
  std::vector<at::Tensor> constants_;
  std::map<at::Tensor, ValueId, LayoutLess> ids_;      // of constants
  std::map<const void*, std::string> constant_names_;  // by storage
  std::string name_;
  std::string source_;
};

}  // namespace fedge::lower
