#pragma once

#include <optional>
#include <string_view>

namespace fedge::data {

// Without the blanks around it.
std::string_view Trim(std::string_view text);

// The whole text as a finite number ("-1", "+2.5", "1e-3", blanks around it allowed), or none. The
// same for every locale.
std::optional<double> ParseNumber(std::string_view text);

}  // namespace fedge::data
