#include "fedge/fedctl/model_export.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "fedge/common/file.h"
#include "fedge/fedctl/output_file.h"
#include "fedge/fedctl/partial_file.h"
#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

using Sink = std::function<Status(std::uint64_t offset, std::span<const std::byte> bytes)>;

class Receiver {
 public:
  explicit Receiver(Sink sink) : sink_(std::move(sink)) {}

  Status On(const v1::ExportModelResponse& message) {
    if (message.has_model()) {
      model_.round = message.round();
      model_.size = message.model().size();
      FEDGE_ASSIGN_OR_RETURN(model_.digest, DigestFromBytes(message.model().digest()));
    }
    if (message.offset() != received_ || message.data().size() > model_.size - received_) {
      return DataLoss("the coordinator sent bytes {} to {} of a model of {} where {} came next",
                      message.offset(), message.offset() + message.data().size(), model_.size,
                      received_);
    }
    const std::span<const std::byte> bytes = AsBytes(message.data());
    FEDGE_RETURN_IF_ERROR(sink_(received_, bytes));
    hash_.Update(bytes);
    received_ += bytes.size();
    return OkStatus();
  }

  // Everything is here, and it is right.
  Result<ExportedModel> Finish() {
    if (received_ != model_.size || received_ == 0) {
      return DataLoss("the model has {} bytes, {} arrived", model_.size, received_);
    }
    if (hash_.Finish() != model_.digest) return DataLoss("the model's digest is wrong");
    return model_;
  }

 private:
  const Sink sink_;
  ExportedModel model_;
  Sha256 hash_;
  std::uint64_t received_ = 0;
};

Result<ExportedModel> Fetch(AdminClient& client, std::optional<std::uint64_t> round, Sink sink) {
  Receiver receiver(std::move(sink));
  v1::ExportModelRequest request;
  if (round.has_value()) request.set_round(*round);
  FEDGE_RETURN_IF_ERROR(client.ExportModel(
      request,
      [&receiver](const v1::ExportModelResponse& message) { return receiver.On(message); }));
  return receiver.Finish();
}

}  // namespace

Status CheckOutput(const std::string& path, bool force) {
  if (path == kStandardOutput) return InvalidArgument("- is no file; name one");
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return InvalidArgument("{} is a folder; name a file", path);
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0) {
    return InvalidArgument("{}: nothing can be written into the folder {}: {}", path,
                           folder.empty() ? "." : folder, std::strerror(errno));
  }
  if (!force && std::filesystem::exists(path, ignored)) {
    return AlreadyExists("{} exists; name another file with -o, or overwrite it with --force",
                         path);
  }
  return OkStatus();
}

Result<ExportedModel> ExportModel(AdminClient& client, std::optional<std::uint64_t> round,
                                  const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(PartialFile partial, PartialFile::Create(path));
  FEDGE_ASSIGN_OR_RETURN(
      const ExportedModel model,
      Fetch(client, round, [&partial](std::uint64_t offset, std::span<const std::byte> bytes) {
        return partial.file().WriteAt(offset, bytes);
      }));
  FEDGE_RETURN_IF_ERROR(partial.Keep(PartialFile::Readers::kEverybody));
  return model;
}

Result<ExportedModel> ExportModel(AdminClient& client, std::optional<std::uint64_t> round,
                                  const Console& console) {
  return Fetch(client, round, [&console](std::uint64_t, std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (console.Print(text)) return OkStatus();
    return Internal("the model cannot be written to standard output: {}", std::strerror(errno));
  });
}

}  // namespace fedge::fedctl
