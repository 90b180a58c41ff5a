#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "host_tensor.h"

namespace fedge::testing {

struct None {};
// An argument of an operator of LibTorch.
using AtenArgument =
    std::variant<None, HostTensor, std::vector<HostTensor>, bool, std::int64_t, double, std::string,
                 std::vector<std::int64_t>, std::vector<double>>;

// What LibTorch's operator makes of it: "aten::conv2d", "aten::add.Tensor". Arguments that are not
// given have their defaults. Called by name, so that no test sees LibTorch's headers.
std::vector<HostTensor> CallAten(const std::string& name,
                                 const std::vector<AtenArgument>& arguments);

}  // namespace fedge::testing
