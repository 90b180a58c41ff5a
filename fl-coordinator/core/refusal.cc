#include "fedge/coordinator/refusal.h"

#include <array>
#include <cstddef>

namespace fedge {

std::string_view Name(RefusalCode code) {
  constexpr std::array<std::string_view, 14> kNames = {
      "",     "result",   "weight",     "round", "not-asked", "base", "codec",
      "size", "checksum", "not-finite", "range", "constant",  "norm", "duplicate"};
  static_assert(kNames.size() == static_cast<std::size_t>(kLastRefusalCode) + 1);
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace fedge
