// Opens the input as an archive and asks everything of it; then writes a changed copy, which must
// be sound.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/archive/derived.h"
#include "fedge/archive/manifest.h"
#include "fedge/archive/schema.h"
#include "fedge/common/check.h"

namespace fedge {
namespace {

constexpr std::uint64_t kMaxContentBytes = 16 << 20;

class MemoryFile final : public WritableFile {
 public:
  explicit MemoryFile(std::vector<std::byte>& content) : content_(content) {}
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    content_.resize(std::max<std::size_t>(content_.size(), offset + bytes.size()));
    if (!bytes.empty()) std::memcpy(content_.data() + offset, bytes.data(), bytes.size());
    return OkStatus();
  }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    FEDGE_CHECK(offset + out.size() <= content_.size());
    if (!out.empty()) std::memcpy(out.data(), content_.data() + offset, out.size());
    return OkStatus();
  }
  Status Truncate(std::uint64_t size) override {
    content_.resize(size);
    return OkStatus();
  }
  Result<std::uint64_t> Size() const override { return content_.size(); }
  Status Reserve(std::uint64_t, std::uint64_t) override { return OkStatus(); }
  Status Sync() override { return OkStatus(); }

 private:
  std::vector<std::byte>& content_;
};

// One file, whatever its name.
class MemoryFiles final : public FileSystem {
 public:
  std::vector<std::byte> content;

  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string&) override {
    return std::unique_ptr<WritableFile>(std::make_unique<MemoryFile>(content));
  }
  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string&) override {
    return Unimplemented("-");
  }
  Status Rename(const std::string&, const std::string&) override { return Unimplemented("-"); }
  Status Link(const std::string&, const std::string&) override { return Unimplemented("-"); }
  Status Remove(const std::string&) override { return OkStatus(); }
  Status CreateDirectory(const std::string&) override { return Unimplemented("-"); }
  Status SyncDirectory(const std::string&) override { return Unimplemented("-"); }
  Result<std::vector<std::string>> List(const std::string&) override { return Unimplemented("-"); }
  bool Exists(const std::string&) override { return false; }
  Result<std::unique_ptr<FileLock>> Lock(const std::string&) override { return Unimplemented("-"); }
};

// Touches the last element of every view.
void ReadTensors(const Archive& archive) {
  for (const TensorInfo& tensor : archive.tensors()) {
    const auto bytes = archive.StorageBytes(tensor.storage);
    if (!bytes.ok() || tensor.num_elements() == 0) continue;
    std::uint64_t last = tensor.storage_offset;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      last += static_cast<std::uint64_t>(tensor.shape[i] - 1) *
              static_cast<std::uint64_t>(tensor.strides[i]);
    }
    FEDGE_CHECK((last + 1) * DTypeSize(tensor.dtype) <= bytes->size());
    [[maybe_unused]] const volatile std::byte touched = (*bytes)[last * DTypeSize(tensor.dtype)];
  }
}

void WriteCopy(const Archive& base) {
  ArchiveWriter::Options options{
      .replaced_storages = {},
      .extras = {{"note.txt", std::nullopt, {}}, {"fuzz/added.txt", "added", {}}}};
  for (std::size_t i = 0; i < base.storages().size(); i += 2)
    options.replaced_storages.push_back(i);
  if (!base.storages().empty()) options.extras[1].derived_from = {base.storages().size() - 1, 0};
  MemoryFiles files;
  auto writer = ArchiveWriter::Create(base, files, "copy", options);
  if (!writer.ok()) return;
  std::reverse(options.replaced_storages.begin(), options.replaced_storages.end());
  for (const std::size_t storage : options.replaced_storages) {
    const std::vector<std::byte> bytes(base.storages()[storage].num_bytes(), std::byte{7});
    FEDGE_CHECK(writer->WriteStorage(storage, 0, bytes).ok());
  }
  const auto summary = writer->Finish();
  if (!summary.ok()) return;  // a deflated source may be malformed
  FEDGE_CHECK(summary->size == files.content.size() &&
              summary->digest == Sha256::Of(files.content));
  auto copy = Archive::FromBytes(files.content, "copy");
  FEDGE_CHECK(copy.ok() && copy->tensors().size() == base.tensors().size());
  FEDGE_CHECK(*copy->ReadExtra("fuzz/added.txt") == "added" && !copy->HasExtra("note.txt"));
}

void Use(const Archive& archive) {
  std::uint64_t content = 0;
  for (const RecordInfo& record : archive.records()) content += record.size;
  if (content > kMaxContentBytes) return;
  for (const RecordInfo& record : archive.records()) {
    FEDGE_CHECK(archive.FindRecord(record.name) == &record);
    (void)archive.ReadRecord(record.name);
  }
  (void)archive.Verify();
  (void)BuildManifest(archive);
  (void)ReadSchema(archive);
  (void)CheckDerived(archive, kSchemaRecord, DerivedCheck::kContent);
  ReadTensors(archive);
  WriteCopy(archive);
}

}  // namespace
}  // namespace fedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto archive = fedge::Archive::FromBytes(std::as_bytes(std::span(data, size)), "fuzz.pt");
  if (archive.ok()) fedge::Use(*archive);
  return 0;
}
