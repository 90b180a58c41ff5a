#include "new_model.h"

#include <cstdio>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/cli/exit_code.h"
#include "fedge/cli/suggest.h"
#include "fedge/common/file.h"
#include "fedge/learn/architectures.h"

namespace fedge {
namespace {

constexpr char kProgram[] = "fl-client";

std::string ArchitectureHelp() {
  std::string help;
  for (const ArchitectureInfo& info : Architectures())
    help += fmt::format("{:<22} {}\n", info.usage, info.help);
  return help;
}

std::vector<std::string> KnownArchitectures() {
  std::vector<std::string> known;
  for (const ArchitectureInfo& info : Architectures())
    known.emplace_back(info.usage.substr(0, info.usage.find(':')));
  return known;
}

// What was probably meant, where the name is not known.
std::string Suggestion(std::string_view architecture) {
  const std::vector<std::string> known = KnownArchitectures();
  const std::string name(architecture.substr(0, architecture.find(':')));
  for (const std::string& one : known) {
    if (one == name) return "";
  }
  return cli::DidYouMean(name, known);
}

// As any file that a program writes for its user, unlike those of a server.
Status WriteModel(const std::string& path, std::string_view model) {
  FEDGE_RETURN_IF_ERROR(WriteFileAtomically(PosixFileSystem(), path, AsBytes(model)));
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return ::chmod(path.c_str(), 0666 & ~mask) == 0 ? OkStatus() : ErrnoStatus(errno, path);
}

Result<std::string> Describe(const std::string& path, std::string_view model) {
  FEDGE_ASSIGN_OR_RETURN(const Archive archive, Archive::FromBytes(AsBytes(model), path));
  FEDGE_ASSIGN_OR_RETURN(const Manifest manifest, BuildManifest(archive));
  return fmt::format("{}: {} parameters, {} bytes", path, manifest.num_parameters, model.size());
}

int MakeNewModel(const NewModelOptions& options, bool quiet) {
  if (!options.force && PosixFileSystem().Exists(options.output)) {
    return cli::Fail(kProgram,
                     AlreadyExists("{}: is there already; --force replaces it", options.output));
  }
  const Result<std::string> model = NewModel(options.architecture, options.seed);
  if (!model.ok()) {
    const Status& status = model.status();
    const bool usage = status.code() == StatusCode::kInvalidArgument;
    return cli::Fail(kProgram, {status.code(), status.message() + Suggestion(options.architecture)},
                     usage ? cli::kExitUsage : cli::kExitFailed);
  }
  if (const Status status = WriteModel(options.output, *model); !status.ok())
    return cli::Fail(kProgram, status);
  const Result<std::string> line = Describe(options.output, *model);
  if (!line.ok()) return cli::Fail(kProgram, line.status());
  if (!quiet) fmt::print("{}\n", *line);
  return cli::kExitDone;
}

}  // namespace

void BindNewModel(cli::App& app, NewModelOptions& options) {
  cli::Command& command = app.Subcommand("new-model", "makes a TorchScript model to begin with");
  command.Option("--arch", &options.architecture, "NAME", "the architecture, see below",
                 {.group = "Model", .suggestions = KnownArchitectures(), .required = true});
  command.Option("-o,--output", &options.output, "FILE", "where to write it",
                 {.group = "Model", .required = true, .completion = cli::Completion::kFile});
  command.Option("--seed", &options.seed, "S", "of the weights", {.group = "Model"});
  command.Flag("--force", &options.force, "replace FILE if it is there", {.group = "Model"});
  command.Section("Architectures", ArchitectureHelp());
  command.Example("fl-client new-model --arch 2nn -o model.pt", "McMahan's network for MNIST");
  command.Example("fl-client new-model --arch mlp:64,32,10 --seed 7 -o model.pt",
                  "for the embedded digits");
  command.Run([&app, &options] { return MakeNewModel(options, app.quiet()); });
}

}  // namespace fedge
