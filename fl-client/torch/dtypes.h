#pragma once

#include <c10/core/ScalarType.h>

#include "fedge/common/check.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

inline c10::ScalarType ScalarTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return c10::ScalarType::Double;
    case DType::kFloat32:
      return c10::ScalarType::Float;
    case DType::kFloat16:
      return c10::ScalarType::Half;
    case DType::kBFloat16:
      return c10::ScalarType::BFloat16;
    case DType::kInt64:
      return c10::ScalarType::Long;
    case DType::kInt32:
      return c10::ScalarType::Int;
    case DType::kInt16:
      return c10::ScalarType::Short;
    case DType::kInt8:
      return c10::ScalarType::Char;
    case DType::kUInt8:
      return c10::ScalarType::Byte;
    case DType::kBool:
      return c10::ScalarType::Bool;
  }
  FEDGE_CHECK(!"a DType of the enumeration");
}

}  // namespace fedge
