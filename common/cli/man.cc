#include <iterator>

#include <fmt/format.h>

#include "fedge/cli/help.h"
#include "fedge/cli/text.h"
#include "fedge/version.h"

namespace fedge::cli {
namespace {

// Text for roff: backslashes, hyphens that must stay copyable, and lines that would begin with a
// request.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += "\\&";
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

class ManWriter {
 public:
  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  void Options(const Command& command) {
    for (const OptionGroup& group : GroupOptions(command)) {
      Add(".PP\n\\fI{}\\fR\n", Escape(group.title));
      for (const Option* const option : group.options) {
        std::string synopsis = Synopsis(*option);
        synopsis.erase(0, synopsis.find_first_not_of(' '));
        Add(".TP\n.B {}\n{}\n", Escape(synopsis), Escape(DescribeForHelp(*option)));
      }
    }
  }
  void Preformatted(std::string_view text) { Add(".nf\n{}\n.fi\n", Escape(text)); }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

void AddCommands(const Command& root, ManWriter& out) {
  if (root.subcommands().empty()) return;
  out.Add(".SH COMMANDS\n");
  for (const Command* const command : AllCommands(root)) {
    if (command == &root || !command->runnable()) continue;
    out.Add(".SS \"{}\"\n{}\n", Escape(Usage(*command)), Escape(command->summary()));
    if (!command->description().empty()) out.Add(".PP\n{}\n", Escape(command->description()));
    out.Options(*command);
  }
}

void AddExamples(const Command& root, ManWriter& out) {
  out.Add(".SH EXAMPLES\n");
  for (const Command* const command : AllCommands(root)) {
    for (const Command::Text& example : command->examples()) {
      out.Add(".PP\n{}\n.PP\n.RS 4\n", Escape(example.second));
      out.Preformatted(example.first);
      out.Add(".RE\n");
    }
  }
}

}  // namespace

std::string RenderMan(const Command& root) {
  ManWriter out;
  out.Add(".TH {} 1 \"\" \"Fedge {}\" \"Fedge\"\n", Upper(root.name()), kVersion);
  out.Add(".SH NAME\n{} \\- {}\n", Escape(root.name()), Escape(root.summary()));
  out.Add(".SH SYNOPSIS\n.B {}\n", Escape(Usage(root)));
  out.Add(".SH DESCRIPTION\n{}\n",
          Escape(root.description().empty() ? root.summary() : root.description()));
  out.Add(".SH OPTIONS\n");
  out.Options(root);
  AddCommands(root, out);
  for (const Command* const command : AllCommands(root)) {
    for (const Command::Text& section : command->sections()) {
      out.Add(".SH {}\n", Escape(Upper(section.first)));
      out.Preformatted(section.second);
    }
  }
  AddExamples(root, out);
  return out.Take();
}

}  // namespace fedge::cli
