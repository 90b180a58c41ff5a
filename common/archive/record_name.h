#pragma once

#include <string>
#include <string_view>

#include "fedge/common/status.h"

namespace fedge::internal {

// kInvalidArgument unless `name` is a relative path without "." and ".." that every zip tool takes
// as it is.
Status CheckRecordName(std::string_view name);

// A name from a file as it may stand in a message: printable and bounded.
std::string PrintableName(std::string_view name);

}  // namespace fedge::internal
