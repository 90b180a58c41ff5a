#include "fedge/common/file_content.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace fedge {
namespace {

constexpr std::uint64_t kPieceBytes = 256u << 10;  // stays in the cache until it was looked at

Result<FileContent> Summed(const RandomAccessFile& file, const TakePiece& take) {
  FileContent content;
  content.size = file.size();
  Sha256 sha256;
  FEDGE_RETURN_IF_ERROR(ForEachPiece(file, [&](std::span<const std::byte> piece) {
    sha256.Update(piece);
    content.crc32 = Crc32(piece, content.crc32);
    return take(piece);
  }));
  content.digest = sha256.Finish();
  return content;
}

}  // namespace

Status ForEachPiece(std::uint64_t size, const ReadPiece& read, const TakePiece& take) {
  std::vector<std::byte> buffer(std::min(kPieceBytes, size));
  for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
    const auto piece =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - offset));
    FEDGE_RETURN_IF_ERROR(read(offset, piece));
    FEDGE_RETURN_IF_ERROR(take(piece));
  }
  return OkStatus();
}

Status ForEachPiece(const RandomAccessFile& file, const TakePiece& take) {
  return ForEachPiece(
      file.size(),
      [&](std::uint64_t offset, std::span<std::byte> out) { return file.ReadAt(offset, out); },
      take);
}

Result<FileContent> ReadContent(FileSystem& files, const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  return Summed(*file, [](std::span<const std::byte>) { return OkStatus(); });
}

Result<std::uint32_t> ReadCrc32(FileSystem& files, const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  std::uint32_t crc32 = 0;
  FEDGE_RETURN_IF_ERROR(ForEachPiece(*file, [&](std::span<const std::byte> piece) {
    crc32 = Crc32(piece, crc32);
    return OkStatus();
  }));
  return crc32;
}

Result<FileContent> CopyContent(FileSystem& files, const std::string& from, const std::string& to) {
  FEDGE_ASSIGN_OR_RETURN(const auto source, files.OpenForRead(from));
  FEDGE_ASSIGN_OR_RETURN(const auto target, files.OpenForWrite(to));
  FEDGE_RETURN_IF_ERROR(target->Truncate(0));
  std::uint64_t offset = 0;
  FEDGE_ASSIGN_OR_RETURN(const FileContent content,
                         Summed(*source, [&](std::span<const std::byte> piece) -> Status {
                           FEDGE_RETURN_IF_ERROR(target->WriteAt(offset, piece));
                           offset += piece.size();
                           return OkStatus();
                         }));
  FEDGE_RETURN_IF_ERROR(target->Sync());
  return content;
}

}  // namespace fedge
