#pragma once

#include <array>
#include <optional>

#include <c10/core/ScalarType.h>

#include "fedge/common/check.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

namespace internal {
struct TypePair {
  c10::ScalarType torch;
  DType fedge;
};
inline constexpr std::array<TypePair, 10> kTypes = {{{c10::ScalarType::Float, DType::kFloat32},
                                                     {c10::ScalarType::Double, DType::kFloat64},
                                                     {c10::ScalarType::Half, DType::kFloat16},
                                                     {c10::ScalarType::BFloat16, DType::kBFloat16},
                                                     {c10::ScalarType::Long, DType::kInt64},
                                                     {c10::ScalarType::Int, DType::kInt32},
                                                     {c10::ScalarType::Short, DType::kInt16},
                                                     {c10::ScalarType::Char, DType::kInt8},
                                                     {c10::ScalarType::Byte, DType::kUInt8},
                                                     {c10::ScalarType::Bool, DType::kBool}}};
}  // namespace internal

inline c10::ScalarType ScalarTypeOf(DType dtype) {
  for (const auto& [torch, fedge] : internal::kTypes) {
    if (fedge == dtype) return torch;
  }
  FEDGE_CHECK(!"a DType of the enumeration");
}

// nullopt for the types of LibTorch that Fedge has not: complex and quantised ones, and the like.
inline std::optional<DType> DTypeOf(c10::ScalarType type) {
  for (const auto& [torch, fedge] : internal::kTypes) {
    if (torch == type) return fedge;
  }
  return std::nullopt;
}

}  // namespace fedge
