#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/program/infer.h"

// What the inference of several operators' outputs shares. Every number may come from a hostile
// file: arithmetic on sizes is checked.
namespace fedge::internal {

// Of strides, kernels, paddings and so on: larger numbers are refused before they are computed
// with.
inline constexpr std::int64_t kMaxAttribute = std::int64_t{1} << 31;

using Inputs = std::span<const TensorType* const>;
using Declared = std::span<const TensorType>;
using Types = std::vector<TensorType>;

// There is one input for each name, in order; those whose name ends in '?' may be absent.
// "takes x, weight, bias?; it has 1 input".
Status CheckArity(Inputs inputs, std::initializer_list<std::string_view> names);
// The declared type of the only output.
Result<TensorType> OnlyDeclared(Declared declared);

Status CheckFloating(std::string_view name, const TensorType& type);
Status CheckNumeric(std::string_view name, const TensorType& type);  // anything but bool
// "weight is float16, but x is float32".
Status CheckSameDType(std::string_view name, const TensorType& type, const TensorType& x);
Status CheckRank(std::string_view name, const TensorType& type, std::size_t rank);
// Absent types (nullptr) are what they should be. "bias is [32], but must be [64]".
Status CheckShape(std::string_view name, const TensorType* type, const Shape& expected);
Status CheckDim(std::int64_t dim, std::size_t rank);
// `value` lies in [least, kMaxAttribute).
Status CheckAttribute(std::string_view name, std::int64_t value, std::int64_t least);

// The shape to which both broadcast: equal sizes, or one of them a 1.
Result<Shape> Broadcast(const Shape& a, const Shape& b);
// Whether `shape` broadcasts to exactly `target`.
bool BroadcastsTo(const Shape& shape, const Shape& target);

// Whether size a <= size b at every batch from 1 to kMaxBatch.
bool AtMost(const Dim& a, const Dim& b);

// InvalidArgument if an optional size does not exist: it overflows, or grows as no Dim does.
Result<Dim> Exactly(const std::optional<Dim>& dim, std::string_view what);

// Of a convolution of these tensors, whatever their dtypes; checks the operator's attributes.
Result<Shape> ConvOutputShape(const op::Conv& op, const TensorType& x, const TensorType& weight);

// One per operator family.
Result<Types> Infer(const op::Unary&, Inputs, Declared);
Result<Types> Infer(const op::Binary&, Inputs, Declared);
Result<Types> Infer(const op::Where&, Inputs, Declared);
Result<Types> Infer(const op::Cast&, Inputs, Declared);
Result<Types> Infer(const op::Conv&, Inputs, Declared);
Result<Types> Infer(const op::Linear&, Inputs, Declared);
Result<Types> Infer(const op::MatMul&, Inputs, Declared);
Result<Types> Infer(const op::Attention&, Inputs, Declared);
Result<Types> Infer(const op::BatchNorm&, Inputs, Declared);
Result<Types> Infer(const op::LayerNorm&, Inputs, Declared);
Result<Types> Infer(const op::GroupNorm&, Inputs, Declared);
Result<Types> Infer(const op::Softmax&, Inputs, Declared);
Result<Types> Infer(const op::Pool&, Inputs, Declared);
Result<Types> Infer(const op::AdaptivePool&, Inputs, Declared);
Result<Types> Infer(const op::Reduce&, Inputs, Declared);
Result<Types> Infer(const op::ArgMax&, Inputs, Declared);
Result<Types> Infer(const op::TopK&, Inputs, Declared);
Result<Types> Infer(const op::Concat&, Inputs, Declared);
Result<Types> Infer(const op::Slice&, Inputs, Declared);
Result<Types> Infer(const op::Reshape&, Inputs, Declared);
Result<Types> Infer(const op::Permute&, Inputs, Declared);
Result<Types> Infer(const op::Expand&, Inputs, Declared);
Result<Types> Infer(const op::Fill&, Inputs, Declared);
Result<Types> Infer(const op::Pad&, Inputs, Declared);
Result<Types> Infer(const op::Resize&, Inputs, Declared);
Result<Types> Infer(const op::Gather&, Inputs, Declared);
Result<Types> Infer(const op::CumSum&, Inputs, Declared);
Result<Types> Infer(const op::Recurrent&, Inputs, Declared);
Result<Types> Infer(const op::Quantize&, Inputs, Declared);
Result<Types> Infer(const op::Dequantize&, Inputs, Declared);
Result<Types> Infer(const op::QuantConv&, Inputs, Declared);
Result<Types> Infer(const op::QuantLinear&, Inputs, Declared);
Result<Types> Infer(const op::DynamicQuantLinear&, Inputs, Declared);
Result<Types> Infer(const op::DynamicQuantConv&, Inputs, Declared);
Result<Types> Infer(const op::QuantAdd&, Inputs, Declared);

}  // namespace fedge::internal
