#include "fedge/archive/class_headers.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace fedge::internal {
namespace {

constexpr std::string_view kParameters = "  __parameters__ = ";
constexpr std::string_view kBuffers = "  __buffers__ = ";

// The value of the octal escape that TorchScript's printer writes for unprintable bytes.
std::optional<char> OctalEscape(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(0, 3)) {
    if (c < '0' || c > '7') return std::nullopt;
    value = 8 * value + static_cast<unsigned>(c - '0');
  }
  return static_cast<char>(static_cast<unsigned char>(value));
}

// The strings of `["a", "b", ]`, as far as they go, sorted.
std::vector<std::string> ParseStringList(std::string_view text) {
  std::vector<std::string> strings;
  std::optional<std::string> current;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!current.has_value()) {
      if (c == ']') break;
      if (c == '"') current.emplace();
    } else if (c == '"') {
      strings.push_back(std::move(*current));
      current.reset();
    } else if (c == '\\' && i + 1 < text.size()) {
      if (const auto octal = OctalEscape(text.substr(i + 1)); octal.has_value()) {
        current->push_back(*octal);
        i += 3;
      } else {
        const char escaped = text[++i];
        current->push_back(escaped == 'n'   ? '\n'
                           : escaped == 't' ? '\t'
                           : escaped == 'r' ? '\r'
                                            : escaped);
      }
    } else {
      current->push_back(c);
    }
  }
  std::sort(strings.begin(), strings.end());
  return strings;
}

// "class NAME(Module):" -> NAME; empty for any other line.
std::string_view ModuleClassName(std::string_view line) {
  constexpr std::string_view kBegin = "class ";
  constexpr std::string_view kEnd = "(Module):";
  if (!line.starts_with(kBegin) || !line.ends_with(kEnd)) return {};
  line.remove_prefix(kBegin.size());
  line.remove_suffix(std::min(line.size(), kEnd.size()));
  return line;
}

}  // namespace

std::map<std::string, ClassHeader, std::less<>> ParseClassHeaders(std::string_view source) {
  std::map<std::string, ClassHeader, std::less<>> classes;
  ClassHeader* current = nullptr;
  while (!source.empty()) {
    const std::size_t end = std::min(source.find('\n'), source.size());
    const std::string_view line = source.substr(0, end);
    source.remove_prefix(std::min(end + 1, source.size()));
    if (const std::string_view name = ModuleClassName(line); !name.empty()) {
      current = &classes[std::string(name)];
    } else if (current != nullptr && line.starts_with(kParameters)) {
      current->parameters = ParseStringList(line.substr(kParameters.size()));
    } else if (current != nullptr && line.starts_with(kBuffers)) {
      current->buffers = ParseStringList(line.substr(kBuffers.size()));
    } else if (!line.starts_with(' ')) {
      current = nullptr;
    }
  }
  return classes;
}

std::string CodeRecordOf(std::string_view module) {
  std::string path = "code/";
  for (const char c : module) path.push_back(c == '.' ? '/' : c);
  return path + ".py";
}

}  // namespace fedge::internal
