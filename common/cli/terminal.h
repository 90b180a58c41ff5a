#pragma once

#include <cstddef>

namespace fedge::cli {

// Whether a file descriptor is a terminal that redraws (not "dumb").
bool IsTerminal(int descriptor);
// IsTerminal, and NO_COLOR is not set (no-color.org).
bool UsesColor(int descriptor);
// Columns of the terminal; `otherwise` if it is none or does not say.
std::size_t TerminalWidth(int descriptor, std::size_t otherwise);
// Lines of the terminal, in the same way.
std::size_t TerminalHeight(int descriptor, std::size_t otherwise);

}  // namespace fedge::cli
