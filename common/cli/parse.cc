// The only file that knows CLI11, which takes the arguments apart: flags, values, subcommands,
// "--". Everything else (conversion, ranges, files, help) is ours, because all of it comes from one
// set of definitions.
#include "fedge/cli/parse.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "fedge/cli/suggest.h"

namespace fedge::cli {
namespace {

struct Binding {
  std::map<const CLI::Option*, const Option*> options;
  std::map<const CLI::App*, const Command*> commands;
};

void BindOption(const Option& option, CLI::App& app, Binding& binding) {
  std::string names = option.positional ? option.long_name : "--" + option.long_name;
  if (!option.short_name.empty()) names = "-" + option.short_name + "," + names;
  CLI::Option* bound = nullptr;
  if (option.is_flag()) {
    bound = app.add_flag(names);
  } else {
    bound = app.add_option(names, CLI::callback_t([](const CLI::results_t&) { return true; }));
    if (option.positional && option.is_list()) {
      bound->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    } else {
      bound->expected(1)->allow_extra_args(false);
    }
  }
  bound->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  binding.options[bound] = &option;
}

void BindCommand(const Command& command, CLI::App& app, Binding& binding) {
  app.set_help_flag();
  app.allow_extras();
  app.require_subcommand(0, 1);
  binding.commands[&app] = &command;
  for (const Option& option : command.options()) BindOption(option, app, binding);
  for (const auto& subcommand : command.subcommands()) {
    CLI::App* const sub = app.add_subcommand(subcommand->name());
    sub->fallthrough();
    BindCommand(*subcommand, *sub, binding);
  }
}

std::vector<std::string> KnownFlags(const Command& command) {
  std::vector<std::string> names;
  for (const Command* const one : command.Chain()) {
    for (const Option& option : one->options()) {
      if (!option.positional && !option.spec.hidden) names.push_back("--" + option.long_name);
    }
  }
  return names;
}

// Why an argument that CLI11 could not place is wrong.
Status Unplaced(const std::string& argument, const Command& command) {
  if (argument.size() > 1 && argument.starts_with('-')) {
    const std::string name = argument.substr(0, argument.find('='));
    if (command.FindOption(name.substr(std::min<std::size_t>(2, name.size()))) != nullptr) {
      return InvalidArgument("{} belongs after '{}'", name, command.name());
    }
    return InvalidArgument("unknown option '{}'{}", name, DidYouMean(name, KnownFlags(command)));
  }
  if (command.subcommands().empty()) {
    return InvalidArgument("'{}' is one argument too many for '{}'", argument, command.FullName());
  }
  std::vector<std::string> names;
  for (const auto& subcommand : command.subcommands()) names.push_back(subcommand->name());
  return InvalidArgument("unknown command '{}'{}", argument, DidYouMean(argument, names));
}

// CLI11 says "--clients: 1 required N missing" and the like.
Status Mismatch(const CLI::ParseError& error, const Binding& binding) {
  const std::string message = error.what();
  for (const auto& [bound, option] : binding.options) {
    if (!message.starts_with(bound->get_name() + ":")) continue;
    if (option->is_flag()) return InvalidArgument("{} is true or false", option->display_name());
    return InvalidArgument("{} needs a value: {} {}", option->display_name(),
                           option->display_name(), option->value_name);
  }
  return InvalidArgument("{}", message);
}

// The innermost subcommand that was named.
const CLI::App* Chosen(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

}  // namespace

ParsedLine ParseLine(const Command& root, const std::vector<std::string>& arguments) {
  CLI::App app;
  app.name(root.name());
  Binding binding;
  BindCommand(root, app, binding);
  ParsedLine line;
  try {
    // CLI11 takes the last argument first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    line.status = Mismatch(error, binding);
  }
  line.command = binding.commands.at(Chosen(&app));
  if (!line.status.ok()) return line;
  for (const std::string& extra : app.remaining(/*recurse=*/true)) {
    if (extra == "--") continue;  // CLI11 counts the mark itself as left over
    line.status = Unplaced(extra, *line.command);
    return line;
  }
  for (const auto& [bound, option] : binding.options) {
    if (!bound->results().empty()) line.given[option] = bound->results();
  }
  return line;
}

}  // namespace fedge::cli
