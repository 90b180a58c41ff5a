#include "fedge/cli/app.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "fedge/cli/config.h"
#include "fedge/cli/help.h"
#include "fedge/cli/parse.h"
#include "fedge/cli/terminal.h"
#include "fedge/common/check.h"
#include "fedge/version.h"

namespace fedge::cli {
namespace {

// "-l,--listen" taken apart.
cli::Option Named(std::string_view names) {
  cli::Option option;
  const std::size_t comma = names.find(',');
  std::string_view name = names;
  if (comma != std::string_view::npos) {
    FEDGE_CHECK(comma == 2 && names.starts_with('-'));
    option.short_name = names.substr(1, 1);
    name = names.substr(comma + 1);
  }
  FEDGE_CHECK(name.starts_with("--") && name.size() > 2);
  option.long_name = name.substr(2);
  return option;
}

Status CheckRequired(const Command& command, const std::set<const cli::Option*>& set) {
  for (const Command* const one : command.Chain()) {
    for (const cli::Option& option : one->options()) {
      if (!option.spec.required || set.contains(&option)) continue;
      return option.positional
                 ? InvalidArgument("{} is missing", option.long_name)
                 : InvalidArgument("--{} {} is missing", option.long_name, option.value_name);
    }
  }
  return OkStatus();
}

std::string SubcommandNames(const Command& command) {
  std::vector<std::string> names;
  for (const auto& subcommand : command.subcommands()) names.push_back(subcommand->name());
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Command::Command(std::string name, std::string summary, Command* parent)
    : name_(std::move(name)), summary_(std::move(summary)), parent_(parent) {}

Command::~Command() = default;

Command& Command::Option(std::string_view names, Target target, std::string_view value_name,
                         std::string_view help, OptionSpec spec) {
  cli::Option option = Named(names);
  option.value_name = value_name;
  option.help = help;
  option.target = std::move(target);
  option.spec = std::move(spec);
  options_.push_back(std::move(option));
  return *this;
}

Command& Command::Flag(std::string_view names, bool* target, std::string_view help,
                       OptionSpec spec) {
  return Option(names, target, "", help, std::move(spec));
}

Command& Command::Positional(std::string_view name, Target target, std::string_view help,
                             OptionSpec spec) {
  cli::Option option;
  option.long_name = name;
  option.value_name = name;
  option.help = help;
  option.target = std::move(target);
  option.spec = std::move(spec);
  option.positional = true;
  option.configurable = false;
  options_.push_back(std::move(option));
  return *this;
}

Command& Command::Subcommand(std::string_view name, std::string_view summary) {
  subcommands_.push_back(std::make_unique<Command>(std::string(name), std::string(summary), this));
  return *subcommands_.back();
}

Command& Command::Description(std::string_view text) {
  description_ = text;
  return *this;
}

Command& Command::Example(std::string_view command_line, std::string_view what) {
  examples_.push_back({std::string(command_line), std::string(what)});
  return *this;
}

Command& Command::Section(std::string_view title, std::string_view text) {
  sections_.push_back({std::string(title), std::string(text)});
  return *this;
}

Command& Command::Validate(std::function<Status()> validate) {
  validate_ = std::move(validate);
  return *this;
}

Command& Command::Run(std::function<int()> run) {
  run_ = std::move(run);
  return *this;
}

std::string Command::FullName() const {
  return parent_ == nullptr ? name_ : parent_->FullName() + " " + name_;
}

std::vector<const Command*> Command::Chain() const {
  std::vector<const Command*> chain =
      parent_ == nullptr ? std::vector<const Command*>() : parent_->Chain();
  chain.push_back(this);
  return chain;
}

const Command* Command::FindSubcommand(std::string_view name) const {
  for (const auto& subcommand : subcommands_) {
    if (subcommand->name() == name) return subcommand.get();
  }
  return nullptr;
}

const cli::Option* Command::FindOption(std::string_view name) const {
  for (const cli::Option& option : options_) {
    if (option.positional) continue;
    if (option.long_name == name || (!name.empty() && option.short_name == name)) return &option;
  }
  return nullptr;
}

App::App(std::string program, std::string summary)
    : Command(std::move(program), std::move(summary), nullptr) {
  const std::string group(kGeneralGroup);
  Flag("-h,--help", &help_, "show this help", {.group = group});
  Flag("--version", &version_, "show the version", {.group = group});
  Option("--config", &config_, "FILE", "read options from a TOML file; its keys are the long flags",
         {.group = group, .completion = Completion::kFile});
  Flag("--print-config", &print_config_, "print the options in effect as TOML that --config takes",
       {.group = group});
  Flag("-q,--quiet", &quiet_, "write only results and errors", {.group = group});
  Option("--generate", &generate_, "WHAT", "write documentation made from the same definitions",
         {.group = group, .choices = {"man", "bash", "zsh"}, .hidden = true});
  for (cli::Option& option : options_) option.configurable = option.long_name == "quiet";
}

// Sets every target of the chain: file, then environment, then flags, each over the one before.
Status App::Apply(const ParsedLine& line, const Surroundings& surroundings) {
  std::set<const cli::Option*> set;
  const cli::Option* const config = FindOption("config");
  if (const auto given = line.given.find(config); given != line.given.end()) {
    FEDGE_RETURN_IF_ERROR(ApplyConfigFile(given->second.back(), *line.command, set));
  }
  for (const Command* const command : line.command->Chain()) {
    for (const cli::Option& option : command->options()) {
      const auto given = line.given.find(&option);
      const std::string& variable = option.spec.environment;
      const char* const text = variable.empty() ? nullptr : surroundings.getenv(variable.c_str());
      if (given != line.given.end()) {
        FEDGE_RETURN_IF_ERROR(Assign(option, given->second).WithContext(option.display_name()));
        set.insert(&option);
      } else if (text != nullptr && *text != '\0') {
        FEDGE_RETURN_IF_ERROR(Assign(option, {text}).WithContext(variable));
        set.insert(&option);
      }
    }
  }
  if (help_ || version_ || print_config_ || !generate_.empty()) return OkStatus();
  return CheckRequired(*line.command, set);
}

std::string App::Answer(const Command& command, const Surroundings& surroundings) const {
  if (generate_ == "man") return RenderMan(*this);
  if (generate_ == "bash") return RenderBashCompletion(*this);
  if (generate_ == "zsh") return RenderZshCompletion(*this);
  if (help_) return RenderHelp(command, surroundings.width, surroundings.color);
  if (version_) return fmt::format("{} {}\n", name(), kVersion);
  if (print_config_) return RenderConfig(command);
  return {};
}

App::Outcome App::Parse(const std::vector<std::string>& arguments,
                        const Surroundings& surroundings) {
  Outcome outcome;
  const auto wrong = [&](const Command& command, const Status& status) {
    outcome.exit_code = kExitUsage;
    outcome.err = fmt::format("{0}: {1}\n{0}: see '{2} --help'\n", name(), status.message(),
                              command.FullName());
    return outcome;
  };
  const ParsedLine line = ParseLine(*this, arguments);
  const Command& command = *line.command;
  if (!line.status.ok()) return wrong(command, line.status);
  if (Status status = Apply(line, surroundings); !status.ok()) return wrong(command, status);
  outcome.out = Answer(command, surroundings);
  if (!outcome.out.empty()) return outcome;
  if (!command.runnable()) {
    return wrong(command, InvalidArgument("a command is missing: {}", SubcommandNames(command)));
  }
  for (const Command* const one : command.Chain()) {
    if (Status status = one->CallValidate(); !status.ok()) return wrong(command, status);
  }
  outcome.command = &command;
  return outcome;
}

int App::Main(int argc, const char* const* argv) {
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const Surroundings surroundings{.getenv = [](const char* name) { return std::getenv(name); },
                                    .width = TerminalWidth(STDOUT_FILENO, 100),
                                    .color = UsesColor(STDOUT_FILENO)};
    const Outcome outcome = Parse(arguments, surroundings);
    std::fputs(outcome.err.c_str(), stderr);
    if (std::fwrite(outcome.out.data(), 1, outcome.out.size(), stdout) != outcome.out.size() ||
        std::fflush(stdout) != 0)
      return Fail(name(), Internal("cannot write to standard output: {}", std::strerror(errno)));
    return outcome.command != nullptr ? outcome.command->CallRun() : outcome.exit_code;
  } catch (const std::exception& error) {
    return Fail(name(), Internal("{}", error.what()));
  }
}

}  // namespace fedge::cli
