#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fedge/tensor/half.h"

namespace fedge {

// Element types of tensors, as TorchScript archives store them (little-endian).
enum class DType : std::uint8_t {
  kFloat64,
  kFloat32,
  kFloat16,
  kBFloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool,
};

std::size_t DTypeSize(DType dtype);  // bytes per element
bool IsFloatingPoint(DType dtype);
// PyTorch's name: "float32", "bfloat16", "int64", "bool" ...
std::string_view DTypeName(DType dtype);
std::optional<DType> DTypeFromName(std::string_view name);

// Straight from double, one rounding only; from float: half.h.
std::uint16_t DoubleToHalf(double value);
std::uint16_t DoubleToBFloat16(double value);

}  // namespace fedge
