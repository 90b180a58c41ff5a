#include "fedge/client/model_download.h"

#include <utility>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"

namespace fedge::client {
namespace {

// The archive is a mapping of the file, and a trainer may open its path.
struct HeldModel {
  ScratchFile file;
  GlobalModel model;
};

}  // namespace

Status ModelDownload::Open() {
  if (file_) return OkStatus();
  auto file = ScratchFile::Create(folder_);
  if (!file.ok())
    return FailedPrecondition("no place for the global model: {}", file.status().message());
  file_ = *std::move(file);
  return OkStatus();
}

Status ModelDownload::Append(std::uint64_t offset, std::span<const std::byte> bytes,
                             std::uint32_t crc32, std::uint32_t crc32_seed) {
  if (offset != offset_) {
    return DataLoss("model {}: a chunk begins at byte {} where {} was to follow",
                    model_.digest.ShortHex(), offset, offset_);
  }
  if (bytes.size() > model_.size - offset_) {
    return DataLoss("model {}: more than the {} bytes announced", model_.digest.ShortHex(),
                    model_.size);
  }
  if (Crc32(bytes, crc32_seed) != crc32) {
    return DataLoss("model {}: the chunk at byte {} is damaged", model_.digest.ShortHex(), offset);
  }
  FEDGE_RETURN_IF_ERROR(Open());
  if (const Status status = file_->WriteAt(offset, bytes); !status.ok()) {
    return FailedPrecondition("no room for the global model ({} bytes): {}", model_.size,
                              status.message());
  }
  hash_.Update(bytes);
  offset_ += bytes.size();
  return OkStatus();
}

Result<std::shared_ptr<const GlobalModel>> ModelDownload::Finish() {
  if (offset_ < model_.size) {
    return Unavailable("model {}: {} of {} bytes came", model_.digest.ShortHex(), offset_,
                       model_.size);
  }
  FEDGE_RETURN_IF_ERROR(Open());
  auto model = OpenModel();
  if (!model.ok()) {
    file_.reset();
    offset_ = 0;
  }
  return model;
}

Result<std::shared_ptr<const GlobalModel>> ModelDownload::OpenModel() {
  if (const Digest digest = hash_.Finish(); digest != model_.digest) {
    return DataLoss("model {}: what came has the digest {}", model_.digest.ShortHex(),
                    digest.ShortHex());
  }
  const std::string context = "global model " + model_.digest.ShortHex();
  auto archive = Archive::Open(file_->path());
  if (!archive.ok()) return archive.status().WithContext(context);
  auto manifest = BuildManifest(*archive);
  if (!manifest.ok()) return manifest.status().WithContext(context);
  auto held = std::make_shared<HeldModel>(
      HeldModel{*std::exchange(file_, std::nullopt),
                GlobalModel{model_.digest, *std::move(archive), *std::move(manifest)}});
  return std::shared_ptr<const GlobalModel>(held, &held->model);
}

}  // namespace fedge::client
