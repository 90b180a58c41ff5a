#include "fedge/cli/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace fedge::cli {
namespace {

// One line of the text, without line breaks, broken at blanks.
void WrapLine(std::string_view line, std::size_t width, std::vector<std::string>& out) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  std::string current(indent, ' ');
  bool empty = true;
  std::size_t position = indent;
  while (position < line.size()) {
    const std::size_t end = std::min(line.find(' ', position), line.size());
    const std::string_view word = line.substr(position, end - position);
    if (!empty && Columns(current) + 1 + Columns(word) > width) {
      out.push_back(std::move(current));
      current.assign(indent, ' ');
      empty = true;
    }
    if (!empty) current += ' ';
    current += word;
    empty = false;
    position = end;
    // Blanks inside a line separate columns of a small table: keep them where they do not begin a
    // line.
    std::size_t blanks = 0;
    while (position < line.size() && line[position] == ' ') ++position, ++blanks;
    if (blanks > 1) current.append(blanks - 1, ' ');
  }
  current.erase(current.find_last_not_of(' ') + 1);
  out.push_back(std::move(current));
}

}  // namespace

std::size_t Columns(std::string_view text) {
  const auto begins_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::vector<std::string> Wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    WrapLine(text.substr(0, end), width, lines);
    if (end == text.size()) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string DescribeForHelp(const Option& option, bool with_default) {
  std::vector<std::string> notes;
  if (const std::string range = DescribeRange(option); !range.empty()) notes.push_back(range);
  const std::vector<std::string> shown = Show(option);
  std::string value = option.spec.default_text;
  if (value.empty() && !option.is_flag()) value = fmt::format("{}", fmt::join(shown, ", "));
  if (option.spec.required) {
    notes.emplace_back("required");
  } else if (with_default && !value.empty()) {
    notes.push_back("default: " + value);
  }
  if (option.is_list()) notes.emplace_back("may be repeated");
  if (!option.spec.environment.empty()) notes.push_back("environment: " + option.spec.environment);
  if (notes.empty()) return option.help;
  return fmt::format("{} ({})", option.help, fmt::join(notes, "; "));
}

std::string Synopsis(const Option& option) {
  if (option.positional) return option.long_name;
  std::string text = option.short_name.empty() ? "    " : fmt::format("-{}, ", option.short_name);
  text += "--" + option.long_name;
  if (!option.is_flag()) text += " " + option.value_name;
  return text;
}

}  // namespace fedge::cli
