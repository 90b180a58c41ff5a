#include "fedge/coordinator/stored_files.h"

#include <algorithm>
#include <functional>
#include <span>

namespace fedge {
namespace {

constexpr std::size_t kPieceBytes = 1u << 18;

// Gives `take` all bytes in order.
Status ForEachPiece(std::uint64_t size,
                    const std::function<Status(std::uint64_t, std::span<std::byte>)>& read,
                    const std::function<void(std::span<const std::byte>)>& take) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(kPieceBytes, size));
  for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
    const auto piece =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - offset));
    FEDGE_RETURN_IF_ERROR(read(offset, piece));
    take(piece);
  }
  return OkStatus();
}

Result<std::uint64_t> ReadPieces(FileSystem& files, const std::string& path,
                                 const std::function<void(std::span<const std::byte>)>& take) {
  FEDGE_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  FEDGE_RETURN_IF_ERROR(ForEachPiece(
      file->size(), [&](auto offset, auto piece) { return file->ReadAt(offset, piece); }, take));
  return file->size();
}

}  // namespace

Result<FileContent> ReadContent(FileSystem& files, const std::string& path) {
  FileContent content;
  Sha256 sha256;
  FEDGE_ASSIGN_OR_RETURN(content.size,
                         ReadPieces(files, path, [&](std::span<const std::byte> piece) {
                           sha256.Update(piece);
                           content.crc32 = Crc32(piece, content.crc32);
                         }));
  content.digest = sha256.Finish();
  return content;
}

Result<std::uint32_t> ReadCrc32(FileSystem& files, const std::string& path) {
  std::uint32_t crc32 = 0;
  const auto size = ReadPieces(
      files, path, [&](std::span<const std::byte> piece) { crc32 = Crc32(piece, crc32); });
  if (!size.ok()) return size.status();
  return crc32;
}

Status VerifyExtent(Spool& spool, const Extent& extent) {
  std::uint32_t crc32 = 0;
  FEDGE_RETURN_IF_ERROR(ForEachPiece(
      extent.size, [&](auto offset, auto piece) { return spool.Read(extent, offset, piece); },
      [&](std::span<const std::byte> piece) { crc32 = Crc32(piece, crc32); }));
  if (crc32 == extent.crc32) return OkStatus();
  return DataLoss("spool: the update at byte {} of segment {} has checksum {:08x}, not {:08x}",
                  extent.offset, extent.segment, crc32, extent.crc32);
}

std::vector<LostUpdate> FindLostUpdates(Spool& spool, const std::vector<TaskRecord>& tasks,
                                        const std::stop_token& stop) {
  std::vector<LostUpdate> lost;
  for (const TaskRecord& task : tasks) {
    if (stop.stop_requested()) break;
    if (task.state != TaskState::kAccepted) continue;
    if (const Status status = VerifyExtent(spool, task.extent); !status.ok()) {
      lost.push_back({task.client, status.message()});
    }
  }
  return lost;
}

}  // namespace fedge
