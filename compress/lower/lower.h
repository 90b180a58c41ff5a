#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/lower/lowered_model.h"
#include "fedge/program/program.h"

namespace fedge {

// What a module's forward does in evaluation with inputs of these shapes, at every batch, as a
// program. Tensors of the module stay where they lie in the archive, from which `module` was loaded
// in evaluation mode. Outputs in tuples, lists and dictionaries are named by position, field or key
// ("boxes.0"), a lone tensor is "output".
//
// kInvalidArgument   the inputs do not fit forward's arguments, or the module refuses them
// kUnimplemented     names every operation that can't be lowered: how often, where, why
Result<LoweredModel> Lower(const Archive& archive, const torch::jit::Module& module,
                           std::span<const LowerInput> inputs);

// The module in evaluation mode. kInvalidArgument: no TorchScript, no forward, or what LibTorch
// says.
Result<torch::jit::Module> LoadForLowering(const Archive& archive);

// The tensors of a result of forward in the order of a program's outputs.
std::vector<at::Tensor> FlattenOutputs(const c10::IValue& result);

}  // namespace fedge
