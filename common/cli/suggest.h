#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fedge::cli {

// The one of `known` that `written` was probably meant to be; empty if none is near.
std::string Nearest(std::string_view written, std::span<const std::string> known);

// "; did you mean 'X'?" for the nearest of `known`, or empty.
std::string DidYouMean(std::string_view written, std::span<const std::string> known);

}  // namespace fedge::cli
