#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/compress_report/report.h"
#include "fedge/lower/lowered_model.h"

namespace fedge {

struct HalfModule {
  std::string file;                                  // a `.pt`: one flat module
  std::vector<std::optional<WeightChange>> changes;  // one per value of the program
  std::vector<std::string> kept;                     // "'fc.weight' stays float32: ..."
};

// The program as a TorchScript module whose float32 weights are stored as `half` (kFloat16 or
// kBFloat16) and made float32 where they are used. All weights of a type are views of one storage,
// and there is no code but one forward: what is not weights is small, whatever the depth. Weights
// beyond the type's range stay as they are. The program is one of this archive.
Result<HalfModule> WriteHalfModule(const Archive& archive, const LoweredModel& model, DType half);

}  // namespace fedge
