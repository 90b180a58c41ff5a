#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/program/samples.h"

namespace fedge {

// The class with the largest score, the first of equal ones; with one score, 1 where it is above 0.
// NaN is never the largest.
//   scores [N, ..., C] floats
//   returns [N, ...], row-major
// kInvalidArgument: the output is no scores.
Result<std::vector<std::int64_t>> ChosenClasses(const SampleTensor& scores);

}  // namespace fedge
