#include "fedge/fedctl/partial_file.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace fedge::fedctl {

void LetEverybodyRead(const std::string& path) {
  using std::filesystem::perms;
  std::error_code ignored;
  std::filesystem::permissions(
      path, perms::owner_read | perms::owner_write | perms::group_read | perms::others_read,
      ignored);
}

Result<PartialFile> PartialFile::Create(const std::string& path) {
  std::string partial = fmt::format("{}.part-{}", path, ::getpid());
  FEDGE_ASSIGN_OR_RETURN(auto file, PosixFileSystem().OpenForWrite(partial));
  return PartialFile(path, std::move(partial), std::move(file));
}

PartialFile::PartialFile(std::string path, std::string partial, std::unique_ptr<WritableFile> file)
    : path_(std::move(path)), partial_(std::move(partial)), file_(std::move(file)) {}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::move(other.path_)),
      partial_(std::exchange(other.partial_, {})),
      file_(std::move(other.file_)) {}

PartialFile::~PartialFile() {
  if (!partial_.empty()) static_cast<void>(PosixFileSystem().Remove(partial_));
}

Status PartialFile::Keep(Readers readers) {
  FEDGE_RETURN_IF_ERROR(file_->Sync());
  if (readers == Readers::kEverybody) LetEverybodyRead(partial_);
  FEDGE_RETURN_IF_ERROR(PosixFileSystem().Rename(partial_, path_));
  partial_.clear();
  return OkStatus();
}

}  // namespace fedge::fedctl
