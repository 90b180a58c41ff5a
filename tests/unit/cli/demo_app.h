#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fedge/cli/app.h"

namespace fedge::cli {

// A program with one of everything.
struct DemoOptions {
  std::string listen = "127.0.0.1:8470";
  std::uint32_t clients = 0;
  std::optional<double> rate;
  Duration deadline{120'000};
  std::map<std::string, std::string> where;
  std::string optimizer = "sgd";
  std::uint64_t buffer = 4u << 20;
  bool detach = false;
  std::vector<std::string> files;
  std::uint32_t batch_size = 32;
  int runs = 0;
};

class DemoApp {
 public:
  DemoApp() : app("demo", "shows what a command line can do") {
    app.Option("-l,--listen", &options.listen, "HOST:PORT", "where to listen",
               {.group = "Network", .environment = "DEMO_LISTEN"});
    app.Section("Exit status", kExitStatusHelp);
    Command& start = app.Subcommand("start-round", "starts a round");
    start.Option("-n,--clients", &options.clients, "N", "updates that end a round",
                 {.group = "Cohort", .min = 1, .max = 1000, .required = true});
    start.Option("--where", &options.where, "KEY=VALUE", "a label",
                 {.group = "Cohort", .suggestions = {"site=eu", "gpu:0"}});
    start.Option("--lr", &options.rate, "RATE", "learning rate",
                 {.group = "Training", .default_text = "0.1", .min = 0, .above_min = true});
    start.Option("--deadline", &options.deadline, "TIME", "of a round", {.min = 1000});
    start.Option("--optimizer", &options.optimizer, "NAME", "the optimizer's name",
                 {.group = "Training", .choices = {"sgd", "adam"}});
    start.Option("--buffer", &options.buffer, "SIZE", "memory", {.min = 1024, .bytes = true});
    start.Flag("--detach", &options.detach, "do not wait");
    start.Option("--batch-size", BatchSize(), "B|full", "examples in a batch",
                 {.group = "Training"});
    start.Validate([this] {
      return options.detach && options.clients == 13 ? InvalidArgument("13 cannot detach")
                                                     : OkStatus();
    });
    start.Run([this] { return ++options.runs, kExitDone; });
    start.Example("demo start-round --clients 50", "a round of fifty");
    Command& files = app.Subcommand("files", "works on files");
    Command& show = files.Subcommand("show", "shows files");
    show.Positional("FILE", &options.files, "what to show",
                    {.required = true, .completion = Completion::kFile});
    show.Run([this] { return ++options.runs, kExitFailed; });
  }

  App::Outcome Parse(std::vector<std::string> arguments) {
    return app.Parse(arguments, {.getenv =
                                     [this](const char* name) {
                                       return environment.contains(name) ? environment[name].c_str()
                                                                         : nullptr;
                                     },
                                 .width = 80,
                                 .color = false});
  }

  DemoOptions options;
  std::map<std::string, std::string> environment;
  App app;

 private:
  Custom BatchSize() {
    return {.parse =
                [this](std::string_view text) {
                  if (text != "full") return InvalidArgument("'{}' is not full", text);
                  options.batch_size = 0;
                  return OkStatus();
                },
            .show = [this] { return options.batch_size == 0 ? std::string("full") : ""; }};
  }
};

}  // namespace fedge::cli
