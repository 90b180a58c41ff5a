#pragma once

#include <cstddef>
#include <cstdio>
#include <string_view>

namespace fedge::fedctl {

// Where a command writes: results to `out`, what went wrong to `err`. A value; the files outlive
// it.
struct Console {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool terminal = false;   // `out` redraws
  bool color = false;      // and shows colours
  std::size_t width = 0;   // columns; 0: ask the terminal each time
  std::size_t height = 0;  // lines, in the same way

  // Written at once, so that a pipe sees each line as it happens. False when nobody reads any more.
  bool Print(std::string_view text) const;
  bool PrintLine(std::string_view line) const;
  // "fedctl: MESSAGE" on `err`; the message may have several lines.
  void Complain(std::string_view message) const;

  // Columns for tables: 0, without bound, where `out` is no terminal.
  std::size_t TableWidth() const;
  std::size_t Columns() const;
  std::size_t Lines() const;
};

}  // namespace fedge::fedctl
