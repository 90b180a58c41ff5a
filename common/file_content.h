#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/common/status.h"

// Whole files, read in pieces of fixed size: memory does not grow with them, and a disk that fails
// is an error, not a signal.
namespace fedge {

// Fills all of `out` from `offset`.
using ReadPiece = std::function<Status(std::uint64_t offset, std::span<std::byte> out)>;
using TakePiece = std::function<Status(std::span<const std::byte> piece)>;

// Gives `take` all of `size` bytes in order. The first error of either ends it.
Status ForEachPiece(std::uint64_t size, const ReadPiece& read, const TakePiece& take);
Status ForEachPiece(const RandomAccessFile& file, const TakePiece& take);

struct FileContent {
  Digest digest;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;
};
// Errors of the file.
Result<FileContent> ReadContent(FileSystem& files, const std::string& path);
// Of the whole file; several times as fast as its digest.
Result<std::uint32_t> ReadCrc32(FileSystem& files, const std::string& path);
// As ReadContent. `to` is created or overwritten, and durable but for its name.
Result<FileContent> CopyContent(FileSystem& files, const std::string& from, const std::string& to);

}  // namespace fedge
