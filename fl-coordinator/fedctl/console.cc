#include "fedge/fedctl/console.h"

#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "fedge/cli/terminal.h"
#include "fedge/fedctl/format.h"

namespace fedge::fedctl {

bool Console::Print(std::string_view text) const {
  const bool written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  return std::fflush(out) == 0 && written;
}

bool Console::PrintLine(std::string_view line) const { return Print(std::string(line) + "\n"); }

void Console::Complain(std::string_view message) const {
  const std::string line = fmt::format("fedctl: {}\n", Printable(message));
  std::fwrite(line.data(), 1, line.size(), err);
  std::fflush(err);
}

std::size_t Console::TableWidth() const { return terminal ? Columns() : 0; }

std::size_t Console::Columns() const {
  return width > 0 ? width : cli::TerminalWidth(::fileno(out), 80);
}

std::size_t Console::Lines() const {
  return height > 0 ? height : cli::TerminalHeight(::fileno(out), 24);
}

}  // namespace fedge::fedctl
