#include "fedge/fedctl/console.h"

#include <algorithm>
#include <string>

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
  std::string text = "fedctl: ";
  while (true) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    text += Printable(message.substr(0, end)) + '\n';
    if (end + 1 >= message.size()) break;
    message.remove_prefix(end + 1);
  }
  std::fwrite(text.data(), 1, text.size(), err);
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
