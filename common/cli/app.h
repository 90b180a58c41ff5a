#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/cli/exit_code.h"
#include "fedge/cli/option.h"
#include "fedge/common/status.h"

// The command line of a program, declared once: parsing, configuration file, --help,
// --print-config, the man page and shell completions all come from the same definitions.
//
//   cli::App app("fl-coordinator", "runs federated averaging rounds");
//   app.Option("-l,--listen", &listen, "ADDRESS", "where clients connect", {.group = "Network"});
//   app.Flag("--insecure", &insecure, "listen beyond loopback", {.group = "Network"});
//   app.Example("fl-coordinator --model model.pt --state-dir state", "keeps all in ./state");
//   app.Validate([&] { return options.Validate(); });
//   app.Run([&] { return RunCoordinator(options); });
//   return app.Main(argc, argv);
//
// Every program also gets --help, --version, --config FILE, --print-config and --quiet. A flag
// beats an environment variable, that beats the configuration file, that beats the default. In a
// file (TOML) the keys are the long flags. Above all tables a key is for every command that has the
// flag; in a table with a subcommand's name ([start-round], [rounds.list]) for that one only.
namespace fedge::cli {

// A program or one of its subcommands. Thread-compatible. Targets outlive it.
class Command {
 public:
  Command(std::string name, std::string summary, Command* parent);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command();

  // names is "--long" or "-s,--long".
  Command& Option(std::string_view names, Target target, std::string_view value_name,
                  std::string_view help, OptionSpec spec = {});
  Command& Flag(std::string_view names, bool* target, std::string_view help, OptionSpec spec = {});
  // In the order of declaration; a list takes all that are left.
  Command& Positional(std::string_view name, Target target, std::string_view help,
                      OptionSpec spec = {});
  // The new command, owned by this one.
  Command& Subcommand(std::string_view name, std::string_view summary);

  // A paragraph below the summary.
  Command& Description(std::string_view text);
  Command& Example(std::string_view command_line, std::string_view what);
  // A further part of --help and man page, such as "Exit status".
  Command& Section(std::string_view title, std::string_view text);
  // Called after parsing, before Run. An error is wrong usage: exit code 2.
  Command& Validate(std::function<Status()> validate);
  // What the command does; returns the exit code. A command with subcommands only has none.
  Command& Run(std::function<int()> run);

  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }
  const std::string& description() const { return description_; }
  const Command* parent() const { return parent_; }
  const std::vector<cli::Option>& options() const { return options_; }
  const std::vector<std::unique_ptr<Command>>& subcommands() const { return subcommands_; }
  struct Text {
    std::string first;
    std::string second;
  };
  const std::vector<Text>& examples() const { return examples_; }
  const std::vector<Text>& sections() const { return sections_; }
  bool runnable() const { return run_ != nullptr; }
  Status CallValidate() const { return validate_ ? validate_() : OkStatus(); }
  int CallRun() const { return run_ ? run_() : kExitDone; }

  // "fedctl rounds list"
  std::string FullName() const;
  // This one and those above it, outermost first.
  std::vector<const Command*> Chain() const;
  const Command* FindSubcommand(std::string_view name) const;
  // Among this command's own options; `name` without dashes, long or short.
  const cli::Option* FindOption(std::string_view name) const;

 protected:
  std::string name_;
  std::string summary_;
  Command* parent_;
  std::string description_;
  std::vector<cli::Option> options_;
  std::vector<std::unique_ptr<Command>> subcommands_;
  std::vector<Text> examples_;
  std::vector<Text> sections_;
  std::function<Status()> validate_;
  std::function<int()> run_;
};

struct ParsedLine;

class App final : public Command {
 public:
  App(std::string program, std::string summary);

  // Parses, answers --help and the like, validates and runs. Returns the exit code; wrong usage
  // is 2.
  int Main(int argc, const char* const* argv);

  // What surrounds a command line; tests give their own.
  struct Surroundings {
    std::function<const char*(const char*)> getenv;
    std::size_t width = 100;  // columns of --help
    bool color = false;
  };
  // What Main would do: print and exit, or run `command`.
  struct Outcome {
    const Command* command = nullptr;  // null: nothing to run
    int exit_code = kExitDone;
    std::string out;
    std::string err;
  };
  // `arguments` without the program's name.
  Outcome Parse(const std::vector<std::string>& arguments, const Surroundings& surroundings);

  // --quiet was given: only errors and results are to be written.
  bool quiet() const { return quiet_; }

 private:
  Status Apply(const ParsedLine& line, const Surroundings& surroundings);
  // What --help and the like print; empty if nothing of the kind was asked for.
  std::string Answer(const Command& command, const Surroundings& surroundings) const;

  bool help_ = false;
  bool version_ = false;
  bool print_config_ = false;
  bool quiet_ = false;
  std::string config_;
  std::string generate_;
};

}  // namespace fedge::cli
