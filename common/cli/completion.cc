#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "fedge/cli/help.h"

namespace fedge::cli {
namespace {

using Out = std::back_insert_iterator<std::string>;

// The flags that a command understands: its own and those of the commands above it.
std::vector<const Option*> Flags(const Command& command) {
  std::vector<const Option*> flags;
  for (const Command* one = &command; one != nullptr; one = one->parent()) {
    for (const Option& option : one->options()) {
      if (!option.positional && !option.spec.hidden) flags.push_back(&option);
    }
  }
  return flags;
}

const Option* FirstPositional(const Command& command) {
  const auto& options = command.options();
  const auto found = std::find_if(options.begin(), options.end(),
                                  [](const Option& option) { return option.positional; });
  return found != options.end() ? &*found : nullptr;
}

std::string Identifier(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '-' || c == ' '; }, '_');
  return "_" + text;
}

// Words that completion offers as the value.
const std::vector<std::string>& Words(const Option& option) {
  return option.spec.choices.empty() ? option.spec.suggestions : option.spec.choices;
}

// ---- bash ----

std::string BashValues(const Option& option) {
  if (!Words(option).empty()) {
    return fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")",
                       fmt::join(Words(option), " "));
  }
  switch (option.spec.completion) {
    case Completion::kFile:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
    case Completion::kDirectory:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")";
    case Completion::kNone:
      break;
  }
  return "COMPREPLY=()";
}

// What completes the word after "PATH:FLAG".
void AddBashValues(const Command& command, Out out) {
  for (const Option* const option : Flags(command)) {
    if (option->is_flag()) continue;
    fmt::format_to(out, "    \"{0}:--{1}\"", command.FullName(), option->long_name);
    if (!option->short_name.empty()) {
      fmt::format_to(out, "|\"{}:-{}\"", command.FullName(), option->short_name);
    }
    fmt::format_to(out, ") {}; return ;;\n", BashValues(*option));
  }
}

void AddBashWords(const Command& command, Out out) {
  std::vector<std::string> words;
  for (const auto& subcommand : command.subcommands()) words.push_back(subcommand->name());
  std::vector<std::string> flags;
  for (const Option* const option : Flags(command)) flags.push_back("--" + option->long_name);
  const Option* const positional = FirstPositional(command);
  fmt::format_to(out, "    \"{}\")\n", command.FullName());
  fmt::format_to(out, "      if [[ $cur == -* ]]; then\n");
  fmt::format_to(out, "        mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n",
                 fmt::join(flags, " "));
  fmt::format_to(out, "      else\n        ");
  if (positional != nullptr) {
    fmt::format_to(out, "{}\n", BashValues(*positional));
  } else {
    fmt::format_to(out, "mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n",
                   fmt::join(words.empty() ? flags : words, " "));
  }
  fmt::format_to(out, "      fi ;;\n");
}

// ---- zsh ----

// Inside single quotes; with `brackets` inside [...] and :...: of an _arguments specification.
std::string ZshQuote(std::string_view text, bool brackets) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '\\' || c == ':' || (brackets && (c == '[' || c == ']'))) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string ZshAction(const Option& option) {
  if (!Words(option).empty())
    return fmt::format("({})", ZshQuote(fmt::format("{}", fmt::join(Words(option), " ")), true));
  if (option.spec.completion == Completion::kFile) return "_files";
  return option.spec.completion == Completion::kDirectory ? "_files -/" : "";
}

void AddZshOption(const Option& option, Out out) {
  const std::string help = ZshQuote(option.help, true);
  const std::string value =
      option.is_flag()
          ? ""
          : fmt::format(":{}:{}", ZshQuote(option.value_name, true), ZshAction(option));
  if (option.short_name.empty()) {
    fmt::format_to(out, "    '{}--{}{}[{}]{}' \\\n", option.is_list() ? "*" : "", option.long_name,
                   option.is_flag() ? "" : "=", help, value);
  } else {
    fmt::format_to(out, "    '(-{0} --{1})'{{-{0}{2},--{1}{3}}}'[{4}]{5}' \\\n", option.short_name,
                   option.long_name, option.is_flag() ? "" : "+", option.is_flag() ? "" : "=", help,
                   value);
  }
}

void AddZshFunction(const Command& command, Out out) {
  for (const auto& subcommand : command.subcommands()) AddZshFunction(*subcommand, out);
  fmt::format_to(out, "{}() {{\n", Identifier(command.FullName()));
  if (!command.subcommands().empty()) {
    fmt::format_to(out, "  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n");
  }
  fmt::format_to(out, "  _arguments -s {}\\\n", command.subcommands().empty() ? "" : "-C ");
  for (const Option* const option : Flags(command)) AddZshOption(*option, out);
  if (command.subcommands().empty()) {
    for (const Option& option : command.options()) {
      if (!option.positional) continue;
      fmt::format_to(out, "    '{}:{}:{}' \\\n", option.is_list() ? "*" : "",
                     ZshQuote(option.long_name, true), ZshAction(option));
    }
    fmt::format_to(out, "    && return 0\n}}\n\n");
    return;
  }
  fmt::format_to(out, "    '1: :->command' '*:: :->rest' && return 0\n  case $state in\n");
  fmt::format_to(out, "    command)\n      local -a commands=(\n");
  for (const auto& subcommand : command.subcommands()) {
    fmt::format_to(out, "        '{}:{}'\n", subcommand->name(),
                   ZshQuote(subcommand->summary(), false));
  }
  fmt::format_to(out, "      )\n      _describe command commands ;;\n");
  fmt::format_to(out, "    rest)\n      case $line[1] in\n");
  for (const auto& subcommand : command.subcommands()) {
    fmt::format_to(out, "        {}) {} ;;\n", subcommand->name(),
                   Identifier(subcommand->FullName()));
  }
  fmt::format_to(out, "      esac ;;\n  esac\n}}\n\n");
}

}  // namespace

std::string RenderBashCompletion(const Command& root) {
  std::string script;
  const Out out(script);
  const std::string function = Identifier(root.name());
  fmt::format_to(out, "# bash completion for {}\n\n{}() {{\n", root.name(), function);
  fmt::format_to(out,
                 "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n"
                 "  local path={} i\n"
                 "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "    case \"$path ${{COMP_WORDS[i]}}\" in\n",
                 root.name());
  for (const Command* const command : AllCommands(root)) {
    if (command == &root) continue;
    fmt::format_to(out, "      \"{}\") path=\"{}\" ;;\n", command->FullName(), command->FullName());
  }
  fmt::format_to(out,
                 "      *) ;;\n    esac\n  done\n"
                 "  # bash makes --flag=value three words.\n"
                 "  if [[ $cur == = ]]; then\n    cur=\n"
                 "  elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then\n"
                 "    prev=${{COMP_WORDS[COMP_CWORD-2]}}\n  fi\n"
                 "  case \"$path:$prev\" in\n");
  for (const Command* const command : AllCommands(root)) AddBashValues(*command, out);
  fmt::format_to(out, "    *) ;;\n  esac\n  case \"$path\" in\n");
  for (const Command* const command : AllCommands(root)) AddBashWords(*command, out);
  fmt::format_to(out, "    *) ;;\n  esac\n}}\n\ncomplete -F {} {}\n", function, root.name());
  return script;
}

std::string RenderZshCompletion(const Command& root) {
  std::string script;
  const Out out(script);
  fmt::format_to(out, "#compdef {}\n\n", root.name());
  AddZshFunction(root, out);
  fmt::format_to(out, "{} \"$@\"\n", Identifier(root.name()));
  return script;
}

}  // namespace fedge::cli
