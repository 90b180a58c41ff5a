#pragma once

#include <string>

#include <torch/csrc/jit/api/module.h>

namespace fedge {

// The first version of LibTorch that has every operator of forward and of what it calls; "1.13",
// the oldest whose files are supported, if that is enough.
std::string OldestVersion(const torch::jit::Module& module);

}  // namespace fedge
