#pragma once

#include <optional>
#include <string>

#include "fedge/common/result.h"
#include "fedge/compress_report/report.h"

namespace fedge {

// What the edge engine makes of a model that was written.
struct EngineReport {
  // From the golden samples, by each output's largest magnitude: the largest of them.
  double difference = 0;
  std::optional<LatencyReport> latency;  // of the first row of the first sample, one thread
};

// Runs the model at `path` on its golden samples and compares; times it if asked to. kDataLoss if
// an answer differs by more than a sample's tolerance: the file must not be served.
Result<EngineReport> MeasureEngine(const std::string& path, bool time);

}  // namespace fedge
