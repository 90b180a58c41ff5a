#include "fedge/tensor/dtype.h"

#include <array>

#include "fedge/tensor/narrow_float.h"

namespace fedge {
namespace {

struct DTypeInfo {
  std::string_view name;
  std::size_t size;
  bool floating;
};

constexpr std::array<DTypeInfo, 10> kInfo = {{{"float64", 8, true},
                                              {"float32", 4, true},
                                              {"float16", 2, true},
                                              {"bfloat16", 2, true},
                                              {"int64", 8, false},
                                              {"int32", 4, false},
                                              {"int16", 2, false},
                                              {"int8", 1, false},
                                              {"uint8", 1, false},
                                              {"bool", 1, false}}};

const DTypeInfo& Info(DType dtype) { return kInfo[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::size_t DTypeSize(DType dtype) { return Info(dtype).size; }
bool IsFloatingPoint(DType dtype) { return Info(dtype).floating; }
std::string_view DTypeName(DType dtype) { return Info(dtype).name; }

std::optional<DType> DTypeFromName(std::string_view name) {
  for (std::size_t i = 0; i < kInfo.size(); ++i) {
    if (kInfo[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::uint16_t DoubleToHalf(double value) { return NarrowFromDouble<Float16Format>(value); }
std::uint16_t DoubleToBFloat16(double value) { return NarrowFromDouble<BFloat16Format>(value); }

}  // namespace fedge
