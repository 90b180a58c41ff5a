#include "fedge/fedctl/model_export.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>

#include <unistd.h>

#include "fedge/common/file.h"
#include "fedge/fedctl/partial_file.h"
#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

class Receiver {
 public:
  explicit Receiver(WritableFile& file) : file_(file) {}

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
    FEDGE_RETURN_IF_ERROR(file_.WriteAt(received_, bytes));
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
  WritableFile& file_;
  ExportedModel model_;
  Sha256 hash_;
  std::uint64_t received_ = 0;
};

}  // namespace

Status CheckOutput(const std::string& path, bool force) {
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
  Receiver receiver(partial.file());
  v1::ExportModelRequest request;
  if (round.has_value()) request.set_round(*round);
  FEDGE_RETURN_IF_ERROR(client.ExportModel(
      request,
      [&receiver](const v1::ExportModelResponse& message) { return receiver.On(message); }));
  FEDGE_ASSIGN_OR_RETURN(const ExportedModel model, receiver.Finish());
  FEDGE_RETURN_IF_ERROR(partial.Keep(PartialFile::Readers::kEverybody));
  return model;
}

}  // namespace fedge::fedctl
