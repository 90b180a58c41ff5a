#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>

namespace fedge::lower {

// Why one operation can't be lowered. Thrown where that is found out, caught in Interpreter::Visit,
// which goes on to find the others: this never leaves the library.
struct Refusal {
  std::string reason;
};

template <typename... Args>
[[noreturn]] void Refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Refusal{fmt::format(format, std::forward<Args>(args)...)};
}

}  // namespace fedge::lower
