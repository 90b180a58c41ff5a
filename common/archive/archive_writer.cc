#include "fedge/archive/archive_writer.h"

#include <map>
#include <utility>

#include "fedge/archive/derived.h"
#include "fedge/archive/piece_stream.h"
#include "fedge/archive/writer_plan.h"

namespace fedge {

using internal::PieceStream;
using internal::WriterPlan;

struct ArchiveWriter::Impl {
  Impl(const Archive& base_archive, FileSystem& file_system, std::string file_path,
       WriterPlan writer_plan)
      : base(base_archive),
        files(file_system),
        path(std::move(file_path)),
        plan(std::move(writer_plan)) {}
  ~Impl() {
    stream.reset();  // closes the file
    if (created && !finished) files.Remove(path).ok();
  }

  Status Start();
  Status WriteStorage(std::size_t storage, std::uint64_t offset, std::span<const std::byte> bytes);
  Result<Summary> Finish();
  Status WriteDerived();

  const Archive& base;
  FileSystem& files;
  std::string path;
  WriterPlan plan;
  std::unique_ptr<PieceStream> stream;
  std::map<std::size_t, Sha256> hashes;  // of the replaced storages that something is derived from
  Status failure;                        // of the file
  bool created = false;
  bool finished = false;
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ArchiveWriter::ArchiveWriter(ArchiveWriter&&) noexcept = default;
ArchiveWriter& ArchiveWriter::operator=(ArchiveWriter&&) noexcept = default;
ArchiveWriter::~ArchiveWriter() = default;

Result<ArchiveWriter> ArchiveWriter::Create(const Archive& base, FileSystem& files,
                                            std::string path, Options options) {
  if (path == base.path()) return InvalidArgument("{}: is the file that the copy is made of", path);
  auto plan = internal::PlanWriter(base, std::move(options));
  if (!plan.ok()) return std::move(plan).status().WithContext(path);
  auto impl = std::make_unique<Impl>(base, files, std::move(path), std::move(plan).value());
  FEDGE_RETURN_IF_ERROR(impl->Start());
  return ArchiveWriter(std::move(impl));
}

Status ArchiveWriter::WriteStorage(std::size_t storage, std::uint64_t offset_bytes,
                                   std::span<const std::byte> bytes) {
  return impl_->WriteStorage(storage, offset_bytes, bytes);
}

Result<ArchiveWriter::Summary> ArchiveWriter::Finish() { return impl_->Finish(); }

Status ArchiveWriter::Impl::Start() {
  FEDGE_ASSIGN_OR_RETURN(auto file, files.OpenForWrite(path));
  created = true;
  for (const auto& [name, storages] : plan.new_derived) {
    for (const std::size_t storage : storages) {
      if (plan.payload_of_storage.contains(storage)) hashes.try_emplace(storage);
    }
  }
  stream = std::make_unique<PieceStream>(std::move(file), base.file(), std::move(plan.pieces),
                                         std::move(plan.payloads));
  return stream->Start();
}

Status ArchiveWriter::Impl::WriteStorage(std::size_t storage, std::uint64_t offset,
                                         std::span<const std::byte> bytes) {
  FEDGE_RETURN_IF_ERROR(failure);
  const auto payload = plan.payload_of_storage.find(storage);
  if (payload == plan.payload_of_storage.end()) {
    return InvalidArgument("{}: storage {} is not one of those to be replaced", path, storage);
  }
  const std::uint64_t written = stream->written(payload->second);
  const std::uint64_t size = base.storages()[storage].num_bytes();
  if (offset != written || bytes.size() > size - written) {
    return InvalidArgument(
        "{}: storage '{}' has {} of {} bytes; {} bytes at offset {} do not continue it", path,
        base.storages()[storage].record, written, size, bytes.size(), offset);
  }
  if (const auto hash = hashes.find(storage); hash != hashes.end()) hash->second.Update(bytes);
  failure = stream->WritePayload(payload->second, offset, bytes);
  return failure;
}

Result<ArchiveWriter::Summary> ArchiveWriter::Impl::Finish() {
  FEDGE_RETURN_IF_ERROR(failure);
  if (finished) return FailedPrecondition("{}: is finished already", path);
  for (const auto& [storage, payload] : plan.payload_of_storage) {
    if (stream->complete(payload)) continue;
    return FailedPrecondition("{}: storage '{}' has {} of {} bytes", path,
                              base.storages()[storage].record, stream->written(payload),
                              base.storages()[storage].num_bytes());
  }
  failure = WriteDerived();
  FEDGE_RETURN_IF_ERROR(failure);
  auto summary = stream->Finish();
  failure = summary.status();
  finished = summary.ok();
  return summary;
}

// The content of derived.json, now that the storages are known. Its size is as planned: CRC and
// digest have a fixed width.
Status ArchiveWriter::Impl::WriteDerived() {
  if (!plan.derived_payload.has_value()) return OkStatus();
  std::map<std::size_t, Digest> digests;
  for (auto& [storage, hash] : hashes) digests[storage] = hash.Finish();
  for (DerivedRecord& record : plan.derived) {
    const auto storages = plan.new_derived.find(record.name);
    if (storages == plan.new_derived.end()) continue;
    for (std::size_t i = 0; i < record.sources.size(); ++i) {
      const std::size_t storage = storages->second[i];
      if (const auto digest = digests.find(storage); digest != digests.end()) {
        record.sources[i].crc32 = stream->crc32(plan.payload_of_storage.at(storage));
        record.sources[i].sha256 = digest->second;
      } else {
        FEDGE_ASSIGN_OR_RETURN(const auto bytes, base.StorageBytes(storage));
        record.sources[i].crc32 = base.storages()[storage].crc32;
        record.sources[i].sha256 = Sha256::Of(bytes);
      }
    }
  }
  stream->SetContent(*plan.derived_payload, DerivedToJson(plan.derived));
  return OkStatus();
}

}  // namespace fedge
