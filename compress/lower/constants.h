#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/archive/archive.h"
#include "fedge/common/status.h"
#include "fedge/lower/lower.h"

namespace fedge::lower {

// Gives each constant of a program its place: views of the module's tensors where these lie in the
// archive, all others in `lowered.constants`. `constants` has one tensor per value, undefined for
// what is no constant.
Status PlaceConstants(const Archive& archive, const torch::jit::Module& module,
                      const std::vector<at::Tensor>& constants, LoweredModel& lowered);

}  // namespace fedge::lower
