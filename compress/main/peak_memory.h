#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/engine/compute_type.h"

namespace fedge {

enum class Runtime : std::uint8_t { kLibTorch, kEdgeEngine };
std::string RuntimeName(Runtime runtime);  // "LibTorch", "edge engine"

// What loading a model and running one example of zeros takes: the peak of the resident memory of a
// process that does only this, less what it had before. So it counts the model's weights, the
// runtime's code that is touched, and what lies between layers.
//   specs    of the inputs, as --input takes them
//   compute  of the edge engine
// kUnavailable: the process cannot be started, or the system does not tell.
Result<std::uint64_t> MeasurePeakMemory(Runtime runtime, const std::string& path,
                                        const std::vector<std::string>& specs,
                                        ComputeType compute = ComputeType::kAuto);

// That process: what main() does instead of its work if its arguments are those with which
// MeasurePeakMemory started it. The exit code, or nullopt for all other arguments.
std::optional<int> RunMemoryProbe(int argc, const char* const* argv);

}  // namespace fedge
