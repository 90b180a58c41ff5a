#pragma once

#include <string>
#include <string_view>

#include "fedge/fedctl/context.h"

namespace fedge::fedctl {

// As -o takes it for the standard output.
inline constexpr std::string_view kStandardOutput = "-";

// As CheckOutput (model_export.h), and OK for standard output.
Status CheckResultOutput(const std::string& path, bool force);

// Writes a result to `path`, whole or not at all, for whoever may read the folder; or to standard
// output.
Status WriteOutput(const Console& console, const std::string& path, const std::string& text);

}  // namespace fedge::fedctl
