#include "fedge/cli/help.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "fedge/cli/text.h"

namespace fedge::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kTermWidth = 28;  // of the column with flags

class HelpWriter {
 public:
  HelpWriter(std::size_t width, bool color)
      : width_(std::clamp<std::size_t>(width, 60, 100)), color_(color) {}

  void Heading(std::string_view title) {
    Add("\n{}\n", color_ ? fmt::format("\033[1m{}:\033[0m", title) : fmt::format("{}:", title));
  }
  void Paragraph(std::string_view text, std::size_t indent) {
    for (const std::string& line : Wrap(text, width_ - indent)) {
      Add("{:{}}{}\n", "", line.empty() ? 0 : indent, line);
    }
  }
  // A term on the left, its explanation on the right.
  void Term(std::string_view term, std::string_view explanation) {
    const std::size_t column = kIndent + kTermWidth;
    const bool beside = Columns(term) + 2 <= kTermWidth;
    Add("{:{}}{}", "", kIndent, term);
    std::size_t at = kIndent + Columns(term);
    if (!beside) Add("\n"), at = 0;
    for (const std::string& line : Wrap(explanation, width_ - column)) {
      Add("{:{}}{}\n", "", column - at, line);
      at = 0;
    }
  }
  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  std::string Take() { return std::move(out_); }

 private:
  std::size_t width_;
  bool color_;
  std::string out_;
};

enum class Groups { kAll, kGeneral };

void AddOptions(const Command& command, Groups groups, HelpWriter& out) {
  for (const OptionGroup& group : GroupOptions(command)) {
    if (groups == Groups::kGeneral && group.title != kGeneralGroup) continue;
    out.Heading(group.title);
    for (const Option* const option : group.options) {
      out.Term(Synopsis(*option), DescribeForHelp(*option));
    }
  }
}

void AddExamples(const Command& command, HelpWriter& out) {
  if (command.examples().empty()) return;
  out.Heading("Examples");
  bool first = true;
  for (const Command::Text& example : command.examples()) {
    if (!first) out.Add("\n");
    first = false;
    out.Paragraph("# " + example.second, kIndent);
    out.Add("{:{}}{}\n", "", kIndent, example.first);
  }
}

void AddCommands(const Command& command, const std::string& prefix, HelpWriter& out) {
  for (const auto& subcommand : command.subcommands()) {
    const std::string name = prefix + subcommand->name();
    if (subcommand->runnable()) out.Term(name, subcommand->summary());
    AddCommands(*subcommand, name + " ", out);
  }
}

}  // namespace

std::string Usage(const Command& command) {
  std::string usage;
  std::string positionals;
  std::string required;
  for (const Option& option : command.options()) {
    if (option.positional) {
      const std::string name = option.long_name + (option.is_list() ? "..." : "");
      positionals += option.spec.required ? " " + name : fmt::format(" [{}]", name);
    } else if (option.spec.required) {
      required += fmt::format(" --{} {}", option.long_name, option.value_name);
    }
  }
  usage = command.FullName() + required + positionals;
  if (!command.subcommands().empty()) usage += command.runnable() ? " [COMMAND]" : " COMMAND";
  return usage + " [options]";
}

std::vector<OptionGroup> GroupOptions(const Command& command) {
  std::vector<OptionGroup> groups;
  for (const Option& option : command.options()) {
    if (option.spec.hidden) continue;
    const std::string& title = option.positional ? "Arguments" : option.spec.group;
    const auto same = [&title](const OptionGroup& group) { return group.title == title; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), OptionGroup{title, {}});
    group->options.push_back(&option);
  }
  // What every program has comes last.
  const auto special = [](const OptionGroup& group) { return group.title != kGeneralGroup; };
  std::stable_partition(groups.begin(), groups.end(), special);
  return groups;
}

std::vector<const Command*> AllCommands(const Command& root) {
  std::vector<const Command*> all = {&root};
  for (const auto& subcommand : root.subcommands()) {
    const std::vector<const Command*> below = AllCommands(*subcommand);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::string RenderHelp(const Command& command, std::size_t width, bool color) {
  HelpWriter out(width, color);
  out.Paragraph(fmt::format("{}: {}", command.FullName(), command.summary()), 0);
  if (!command.description().empty()) {
    out.Add("\n");
    out.Paragraph(command.description(), 0);
  }
  out.Add("\n");
  out.Paragraph("Usage: " + Usage(command), 0);
  if (!command.subcommands().empty()) {
    out.Heading("Commands");
    AddCommands(command, "", out);
  }
  AddOptions(command, Groups::kAll, out);
  for (const Command* above = command.parent(); above != nullptr; above = above->parent()) {
    // The options of a command that runs by itself are for that job only.
    AddOptions(*above, above->runnable() ? Groups::kGeneral : Groups::kAll, out);
  }
  for (const Command* one = &command; one != nullptr; one = one->parent()) {
    for (const Command::Text& section : one->sections()) {
      out.Heading(section.first);
      out.Paragraph(section.second, kIndent);
    }
  }
  AddExamples(command, out);
  if (command.parent() == nullptr && !command.subcommands().empty()) {
    out.Add("\nMore about one command: {} COMMAND --help\n", command.name());
  }
  return out.Take();
}

}  // namespace fedge::cli
