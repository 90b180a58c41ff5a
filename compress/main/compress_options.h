#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/compress_eval/data_source.h"
#include "fedge/engine/compute_type.h"

namespace fedge {

// What the program compress does, as its command line says it.
struct CompressOptions {
  std::string model;
  std::string output;  // empty: DefaultOutput()
  bool fp16 = false;
  bool bf16 = false;
  std::vector<std::string> inputs;  // "1x3x224x224", "tokens=1x80:int64"
  DataSource eval;                  // an empty place: accuracy is not measured
  bool dry_run = false;
  bool force = false;
  bool json = false;
  bool no_measure = false;
  std::uint32_t threads = 1;     // of what is timed
  std::string compute = "auto";  // what the edge engine computes in while it is measured

  bool measure() const { return !no_measure; }
  bool evaluates() const { return !eval.place.empty(); }
  // Precondition: Validate() is OK.
  ComputeType compute_type() const { return ParseComputeType(compute).value(); }
  // "lower", "fp16", "bf16".
  std::string method() const;
  // "dir/model.edge.pt", "dir/model.fp16.pt"
  std::string DefaultOutput() const;
  // All problems at once.
  Status Validate() const;
};

}  // namespace fedge
