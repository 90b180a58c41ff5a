#pragma once

#include <cmath>
#include <string>

#include <fmt/format.h>

namespace fedge {

// A number for a message: as {} writes it, but "NaN" whatever its sign bit is, and "infinity".
inline std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return fmt::format("{}", value);
}

}  // namespace fedge
