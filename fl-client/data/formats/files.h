#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"

namespace fedge::data {

// The path of the first of these files that is in `folder`, or in one of the folders below it that
// an unpacked download leaves, plain or with ".gz". kNotFound names the file, the folder, and says
// what was `expected`.
Result<std::string> FindFile(const std::string& folder,
                             std::span<const std::string_view> subfolders, std::string_view file,
                             std::string_view expected);

}  // namespace fedge::data
