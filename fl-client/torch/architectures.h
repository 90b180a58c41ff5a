#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"

namespace fedge {

struct ArchitectureInfo {
  std::string_view usage;  // "mlp:IN,...,OUT"
  std::string_view help;
};

// In the order in which help shows them.
std::vector<ArchitectureInfo> Architectures();

// A new model as the bytes of a `.pt`: TorchScript with an `extra/fedge/schema.json`, weights drawn
// from `seed` alone (the same bytes on every machine for a LibTorch version). Thread-safe.
// kInvalidArgument: unknown architecture (names the known ones), or sizes that are not numbers in
// range.
Result<std::string> NewModel(std::string_view architecture, std::uint64_t seed);

}  // namespace fedge
