#pragma once

#include <string_view>

#include "fedge/archive/pickle.h"
#include "fedge/common/result.h"

namespace fedge::internal {

// The white list of globals that a pickle may name. Nothing is ever imported or called: a role says
// what stands for it. kInvalidArgument names a global that is not on it; kUnimplemented one that is
// a tensor of a kind not supported here.
Result<PickleGlobal> LookUpGlobal(std::string_view module, std::string_view name);

}  // namespace fedge::internal
