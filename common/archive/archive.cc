#include "fedge/archive/archive.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "fedge/archive/archive_contents.h"
#include "fedge/archive/bytes.h"
#include "fedge/archive/inflate.h"
#include "fedge/archive/record_name.h"
#include "fedge/archive/zip_directory.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"

namespace fedge {

using internal::ArchiveContents;
using internal::FileBytes;

std::uint64_t TensorInfo::num_elements() const {
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size == 0) return 0;
    count *= static_cast<std::uint64_t>(size);
  }
  return count;
}

bool TensorInfo::is_contiguous() const {
  if (num_elements() == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

struct Archive::Impl {
  std::string path;
  std::optional<MappedFile> mapping;
  std::unique_ptr<RandomAccessFile> opened;  // the mapped one
  std::span<const std::byte> bytes;
  FileBytes file{bytes};  // bytes, or the opened file
  ArchiveContents contents;
  // Deflated storages, once they are asked for.
  mutable std::mutex mutex;
  mutable std::vector<std::optional<std::string>> inflated;
};

Archive::Archive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

Result<Archive> Archive::Open(const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::Open(path));
  FEDGE_ASSIGN_OR_RETURN(auto opened, PosixFileSystem().OpenForRead(path));
  if (opened->size() != mapping.bytes().size())
    return DataLoss("{}: was replaced while it was opened", path);
  const FileBytes file(*opened);
  FEDGE_ASSIGN_OR_RETURN(auto impl, Read(file, mapping.bytes(), path));
  impl->opened = std::move(opened);
  impl->mapping = std::move(mapping);
  return Archive(std::move(impl));
}

Result<Archive> Archive::FromBytes(std::span<const std::byte> bytes, std::string name) {
  FEDGE_ASSIGN_OR_RETURN(auto impl, Read(bytes, bytes, std::move(name)));
  return Archive(std::move(impl));
}

// What `bytes` holds is read from `file`.
Result<std::unique_ptr<Archive::Impl>> Archive::Read(const internal::FileBytes& file,
                                                     std::span<const std::byte> bytes,
                                                     std::string name) {
  auto contents = internal::ReadContents(file);
  if (!contents.ok()) return std::move(contents).status().WithContext(name);
  auto impl = std::make_unique<Impl>();
  impl->path = std::move(name);
  impl->bytes = bytes;
  impl->file = file;
  impl->contents = std::move(contents).value();
  impl->inflated.resize(impl->contents.storages.size());
  return impl;
}

const std::string& Archive::path() const { return impl_->path; }
void Archive::ReleasePages() const {
  if (impl_->mapping) impl_->mapping->ReleasePages();
}

std::uint64_t Archive::file_size() const { return impl_->bytes.size(); }
std::span<const std::byte> Archive::bytes() const { return impl_->bytes; }
const std::vector<TensorInfo>& Archive::tensors() const { return impl_->contents.tensors; }
const std::vector<StorageInfo>& Archive::storages() const { return impl_->contents.storages; }
const std::vector<RecordInfo>& Archive::records() const { return impl_->contents.records; }
bool Archive::is_module() const { return impl_->contents.is_module; }
const internal::ZipDirectory& Archive::directory() const { return impl_->contents.directory; }
const FileBytes& Archive::file() const { return impl_->file; }

const TensorInfo* Archive::FindTensor(std::string_view name) const {
  return impl_->contents.FindTensor(name);
}
const RecordInfo* Archive::FindRecord(std::string_view name) const {
  return impl_->contents.FindRecord(name);
}

Result<std::string> Archive::ReadRecord(std::string_view name) const {
  const RecordInfo* record = FindRecord(name);
  if (record == nullptr)
    return NotFound("{}: has no record '{}'", path(), internal::PrintableName(name));
  auto content = internal::ReadRecord(impl_->file, *record);
  if (!content.ok()) return std::move(content).status().WithContext(path());
  return content;
}

Result<std::string> Archive::ReadExtra(std::string_view name) const {
  return ReadRecord(fmt::format("extra/{}", name));
}

bool Archive::HasExtra(std::string_view name) const {
  return FindRecord(fmt::format("extra/{}", name)) != nullptr;
}

Result<std::span<const std::byte>> Archive::StorageBytes(std::size_t storage) const {
  FEDGE_CHECK(storage < storages().size());
  const StorageInfo& info = storages()[storage];
  if (!info.deflated) return bytes().subspan(info.file_offset, info.num_bytes());
  const std::scoped_lock lock(impl_->mutex);
  std::optional<std::string>& kept = impl_->inflated[storage];
  if (!kept.has_value()) {
    FEDGE_ASSIGN_OR_RETURN(kept, ReadRecord(info.record));
  }
  return AsBytes(*kept);
}

Status Archive::ReadStorage(std::size_t storage, std::uint64_t offset,
                            std::span<std::byte> out) const {
  FEDGE_CHECK(storage < storages().size());
  const StorageInfo& info = storages()[storage];
  FEDGE_CHECK(offset <= info.num_bytes() && out.size() <= info.num_bytes() - offset);
  if (!info.deflated) return impl_->file.ReadAt(info.file_offset + offset, out);
  FEDGE_ASSIGN_OR_RETURN(const auto bytes, StorageBytes(storage));
  const auto part = bytes.subspan(offset, out.size());
  std::copy(part.begin(), part.end(), out.begin());
  return OkStatus();
}

Status Archive::Verify() const {
  for (const RecordInfo& record : records()) {
    const Status status = internal::CheckRecord(impl_->file, record);
    if (!status.ok()) return status.WithContext(path());
  }
  return OkStatus();
}

}  // namespace fedge
