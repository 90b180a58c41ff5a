#include "fedge/coordinator/refusal.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace fedge {

std::string_view Name(RefusalCode code) {
  constexpr std::array<std::string_view, 14> kNames = {
      "",     "result",   "weight",     "round", "not-asked", "base", "codec",
      "size", "checksum", "not-finite", "range", "constant",  "norm", "duplicate"};
  static_assert(kNames.size() == static_cast<std::size_t>(kLastRefusalCode) + 1);
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Refusal CheckWeight(std::uint64_t num_examples, std::uint64_t max_weight) {
  if (num_examples >= 1 && num_examples <= max_weight) return {};
  return {RefusalCode::kWeight,
          fmt::format("the update was trained on {} examples; allowed are 1 to {}", num_examples,
                      max_weight)};
}

}  // namespace fedge
