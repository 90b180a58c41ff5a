#include "fedge/cli/terminal.h"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace fedge::cli {

bool IsTerminal(int descriptor) {
  const char* const term = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

bool UsesColor(int descriptor) {
  const char* const no_color = std::getenv("NO_COLOR");
  return IsTerminal(descriptor) && (no_color == nullptr || *no_color == '\0');
}

std::size_t TerminalWidth(int descriptor, std::size_t otherwise) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

std::size_t TerminalHeight(int descriptor, std::size_t otherwise) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : otherwise;
}

}  // namespace fedge::cli
