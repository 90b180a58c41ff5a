// backup.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/fedctl/context.h"
#include "fedge/fedctl/format.h"
#include "fedge/fedctl/json_view.h"
#include "fedge/fedctl/model_export.h"
#include "fedge/fedctl/partial_file.h"
#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

struct BackupSummary {
  std::uint64_t bytes = 0;
  Digest digest;
};

// Receives a backup into `path`: it is there when all of it is, and right.
Result<BackupSummary> Receive(AdminClient& client, const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(PartialFile partial, PartialFile::Create(path));
  BackupSummary summary;
  Sha256 hash;
  Digest expected;
  bool ended = false;
  const auto receive = [&](const v1::BackupResponse& message) -> Status {
    const auto bytes = AsBytes(message.data());
    FEDGE_RETURN_IF_ERROR(partial.file().WriteAt(summary.bytes, bytes));
    hash.Update(bytes);
    summary.bytes += bytes.size();
    if (message.sha256().empty()) return OkStatus();
    ended = message.total_bytes() == summary.bytes;
    FEDGE_ASSIGN_OR_RETURN(expected, DigestFromBytes(message.sha256()));
    return OkStatus();
  };
  FEDGE_RETURN_IF_ERROR(client.Backup(receive));
  summary.digest = hash.Finish();
  if (!ended || summary.digest != expected)
    return DataLoss("what arrived is not what the coordinator sent");
  FEDGE_RETURN_IF_ERROR(partial.Keep(PartialFile::Readers::kOwner));
  return summary;
}

struct Options {
  std::string output;
  bool force = false;
};

int Backup(const Context& context, const Options& options) {
  AdminClient client = context.Connect();
  const Result<BackupSummary> backup = Receive(client, options.output);
  if (!backup.ok()) return context.Fail(backup.status());
  JsonWriter json = BeginDocument("backup");
  json.Member("path", options.output)
      .Member("bytes", backup->bytes)
      .Member("sha256", backup->digest.Hex())
      .EndObject();
  return context.Show(fmt::format("{}: {}, sha256 {}\n", options.output, HumanBytes(backup->bytes),
                                  backup->digest.Hex()),
                      json.Take());
}

}  // namespace

void AddBackup(Context& context, cli::App& app) {
  const auto options = std::make_shared<Options>();
  cli::Command& backup =
      app.Subcommand("backup", "writes the coordinator's whole state to a file, while it runs");
  backup.Description(
      "A tar archive: the database as of one instant, the kept models, the updates of a round in "
      "progress, and SHA256SUMS over them. 'fl-coordinator --restore FILE --state-dir NEW' goes on "
      "from there. The file holds what clients sent: keep it as safe as the state directory.");
  backup.Option("-o,--output", &options->output, "FILE", "where to write it",
                {.required = true, .completion = cli::Completion::kFile});
  backup.Flag("--force", &options->force, "overwrite FILE");
  backup.Validate([options] { return CheckOutput(options->output, options->force); });
  backup.Example("fedctl backup -o state-$(date +%F).tar", "every night");
  backup.Run([&context, options] { return Backup(context, *options); });
}

}  // namespace fedge::fedctl
