#pragma once

#include <cstdint>
#include <string>

#include "fedge/common/result.h"
#include "fedge/compress_report/report.h"
#include "fedge/engine/compute_type.h"
#include "fedge/engine/model.h"

namespace fedge {

// Runs the model at `path` on its golden samples in float32. Returns the largest difference from
// them, by each output's largest magnitude. kDataLoss if an answer differs by more than a sample's
// tolerance: the file must not be served.
Result<double> CompareWithSamples(const std::string& path);

// Of the first example of the first golden sample.
Result<LatencyReport> TimeEngine(const std::string& path, ComputeType compute,
                                 std::uint32_t threads);

// "edge engine", "edge engine in bfloat16": how a report names what a model runs in.
std::string EngineName(const Model& model);

}  // namespace fedge
