#include "fedge/coordinator/model_store.h"

#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "fedge/common/file_content.h"

namespace fedge {
namespace {

constexpr std::string_view kModelSuffix = ".pt";

class FileModelStore final : public ModelStore {
 public:
  FileModelStore(FileSystem& files, std::string folder)
      : files_(files),
        folder_(std::move(folder)),
        models_(folder_ + "/models"),
        global_(folder_ + "/global.pt") {}

  Status CreateFolders() {
    FEDGE_RETURN_IF_ERROR(files_.CreateDirectory(models_));
    return files_.SyncDirectory(folder_);
  }

  Result<ModelRef> Import(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    const std::string temporary = models_ + "/import.tmp";
    const Result<FileContent> content = CopyContent(files_, path, temporary);
    if (!content.ok()) {
      files_.Remove(temporary).ok();  // Retain removes what stays behind
      return content.status().WithContext("importing a model");
    }
    FEDGE_RETURN_IF_ERROR(GiveName(temporary, content->digest));
    return ModelRef{
        .digest = content->digest, .size = content->size, .round = 0, .crc32 = content->crc32};
  }

  std::string TemporaryPath(RoundId round) override {
    const std::lock_guard lock(mutex_);
    temporary_ = fmt::format("round-{}.tmp", round);
    return models_ + "/" + *temporary_;
  }

  Status Adopt(const std::string& temporary, const ModelRef& model) override {
    const std::lock_guard lock(mutex_);
    {
      FEDGE_ASSIGN_OR_RETURN(const auto file, files_.OpenForRead(temporary));
      if (file->size() != model.size) {
        return DataLoss("{}: is {} bytes long; the model has {}", temporary, file->size(),
                        model.size);
      }
    }
    FEDGE_RETURN_IF_ERROR(GiveName(temporary, model.digest));
    temporary_.reset();
    return OkStatus();
  }

  Status Publish(const ModelRef& model) override {
    const std::lock_guard lock(mutex_);
    const std::string path = PathOf(model.digest);
    if (!files_.Exists(path))
      return NotFound("{}: is not there, so it cannot become {}", path, global_);
    const std::string temporary = global_ + ".tmp";
    FEDGE_RETURN_IF_ERROR(files_.Remove(temporary));
    if (!files_.Link(path, temporary)
             .ok()) {  // a file system without hard links, or too many of them
      FEDGE_RETURN_IF_ERROR(CopyContent(files_, path, temporary).status());
    }
    FEDGE_RETURN_IF_ERROR(files_.Rename(temporary, global_));
    // rename(2) does nothing when both names are links to one file, as after publishing the same
    // model twice.
    FEDGE_RETURN_IF_ERROR(files_.Remove(temporary));
    return files_.SyncDirectory(folder_);
  }

  Status Verify(const ModelRef& model, Check check) override {
    const std::string path = PathOf(model.digest);
    if (check == Check::kCrc32) {
      FEDGE_ASSIGN_OR_RETURN(const std::uint32_t crc32, ReadCrc32(files_, path));
      if (crc32 == model.crc32) return OkStatus();
      return DataLoss("{}: is damaged: its CRC is {:08x}, not {:08x}", path, crc32, model.crc32);
    }
    FEDGE_ASSIGN_OR_RETURN(const FileContent content, ReadContent(files_, path));
    if (content.digest == model.digest) return OkStatus();
    return DataLoss("{}: is damaged: its SHA-256 is {}", path, content.digest.Hex());
  }

  Status Recover(const ModelRef& model) override {
    const std::lock_guard lock(mutex_);
    const std::string temporary = models_ + "/import.tmp";
    const Result<FileContent> content = CopyContent(files_, global_, temporary);
    if (content.ok() && content->digest == model.digest) return GiveName(temporary, model.digest);
    FEDGE_RETURN_IF_ERROR(files_.Remove(temporary));
    return NotFound("{}: does not have the content of model {}", global_, model.digest.ShortHex());
  }

  std::string PathOf(const Digest& digest) const override {
    return fmt::format("{}/{}{}", models_, digest.Hex(), kModelSuffix);
  }

  bool Has(const Digest& digest) const override { return files_.Exists(PathOf(digest)); }

  Status Retain(const std::set<Digest>& digests) override {
    const std::lock_guard lock(mutex_);
    FEDGE_ASSIGN_OR_RETURN(const auto names, files_.List(models_));
    for (const std::string& name : names) {
      if (name == temporary_ || IsOneOf(name, digests)) continue;
      FEDGE_RETURN_IF_ERROR(files_.Remove(models_ + "/" + name));
    }
    return OkStatus();
  }

 private:
  static bool IsOneOf(std::string_view name, const std::set<Digest>& digests) {
    Digest digest;
    if (!name.ends_with(kModelSuffix)) return false;
    return Digest::FromHex(name.substr(0, name.size() - kModelSuffix.size()), digest) &&
           digests.contains(digest);
  }

  Status GiveName(const std::string& temporary, const Digest& digest) {
    FEDGE_RETURN_IF_ERROR(files_.Rename(temporary, PathOf(digest)));
    return files_.SyncDirectory(models_);
  }

  FileSystem& files_;
  const std::string folder_;
  const std::string models_;
  const std::string global_;
  std::mutex mutex_;
  std::optional<std::string> temporary_;  // name of the file that the aggregator may be writing
};

}  // namespace

Result<std::unique_ptr<ModelStore>> ModelStore::Open(FileSystem& files, std::string state_folder) {
  FEDGE_RETURN_IF_ERROR(files.CreateDirectory(state_folder));
  auto store = std::make_unique<FileModelStore>(files, std::move(state_folder));
  FEDGE_RETURN_IF_ERROR(store->CreateFolders());
  return std::unique_ptr<ModelStore>(std::move(store));
}

}  // namespace fedge
