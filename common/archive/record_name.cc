#include "fedge/archive/record_name.h"

#include <algorithm>
#include <cstddef>

namespace fedge::internal {

Status CheckRecordName(std::string_view name) {
  const bool unsafe =
      name.empty() || name.front() == '/' || std::any_of(name.begin(), name.end(), [](char c) {
        return c == '\\' || c == ':' || static_cast<unsigned char>(c) < ' ';
      });
  if (unsafe) return InvalidArgument("its name is not a relative path");
  for (std::string_view rest = name;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part == "." || part == "..") return InvalidArgument("its name has a '{}' in it", part);
    if (slash == std::string_view::npos) return OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

std::string PrintableName(std::string_view name) {
  constexpr std::size_t kMaxShown = 120;
  std::string shown;
  for (const char c : name.substr(0, kMaxShown)) shown.push_back(c >= ' ' && c <= '~' ? c : '?');
  if (name.size() > kMaxShown) shown += "...";
  return shown;
}

}  // namespace fedge::internal
