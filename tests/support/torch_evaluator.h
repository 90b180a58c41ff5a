#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "fedge/archive/archive.h"
#include "fedge/program/program.h"

namespace fedge::testing {

// Runs a program node by node with LibTorch's own operators: a second implementation of what each
// operator of a program means. `extra` is the content of the record of constants. Throws what
// LibTorch throws, and std::runtime_error if a value is not of the dtype and shape that the program
// says for this batch.
std::vector<at::Tensor> EvaluateWithTorch(const Program& program, const Archive& archive,
                                          const std::string& extra,
                                          const std::vector<at::Tensor>& inputs);

}  // namespace fedge::testing
