#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/file_bytes.h"
#include "fedge/common/result.h"

// The ZIP container of an archive (PKWARE APPNOTE 6.3, with ZIP64): where each record lies.
namespace fedge::internal {

inline constexpr std::uint32_t kLocalHeaderSignature = 0x04034b50;
inline constexpr std::uint32_t kCentralEntrySignature = 0x02014b50;
inline constexpr std::uint32_t kEndSignature = 0x06054b50;
inline constexpr std::uint32_t kZip64EndSignature = 0x06064b50;
inline constexpr std::uint32_t kZip64LocatorSignature = 0x07064b50;
inline constexpr std::uint32_t kDescriptorSignature = 0x08074b50;
inline constexpr std::size_t kLocalHeaderSize = 30;
inline constexpr std::size_t kCentralEntrySize = 46;
inline constexpr std::size_t kEndSize = 22;
inline constexpr std::size_t kZip64EndSize = 56;
inline constexpr std::size_t kZip64LocatorSize = 20;
inline constexpr std::uint16_t kZip64ExtraId = 0x0001;
inline constexpr std::uint16_t kFlagEncrypted = 0x0001;
inline constexpr std::uint16_t kFlagDescriptor = 0x0008;  // sizes and CRC follow the data
inline constexpr std::uint16_t kFlagUtf8 = 0x0800;
inline constexpr std::uint16_t kMethodStored = 0;
inline constexpr std::uint16_t kMethodDeflated = 8;
inline constexpr std::uint32_t kMax32 = 0xffffffff;
inline constexpr std::uint16_t kMax16 = 0xffff;

// One record. Views point into the directory.
struct ZipEntry {
  std::string_view name;  // whole, with the root folder
  std::uint16_t flags = 0;
  std::uint16_t method = kMethodStored;
  std::uint32_t crc32 = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t size = 0;  // uncompressed
  std::uint64_t header_offset = 0;
  std::uint64_t data_offset = 0;
  std::span<const std::byte> central;  // its entry in the central directory

  std::uint64_t data_end() const { return data_offset + stored_size; }
};

struct ZipDirectory {
  // In the order of the central directory; a folder's name ends in '/'.
  std::vector<ZipEntry> entries;
  std::uint64_t central_offset = 0;
  std::span<const std::byte> tail;  // what follows the central directory: the end records
  std::unique_ptr<const std::string> bytes = {};  // of the central directory and the tail
};

// Reads and checks the directory: every record lies within the file, apart from the others, is
// stored or deflated, not encrypted, inflates to no more than deflate can, and has a unique
// relative name without "..". kInvalidArgument: no zip, or one with such features; kDataLoss: a
// zip, but torn or inconsistent.
Result<ZipDirectory> ReadZipDirectory(const FileBytes& file);

// The fields of a central directory entry's or local header's extra area, in order: calls visit(id,
// payload, whole). False if the area is malformed.
template <typename Visit>
bool ForEachExtraField(std::span<const std::byte> extra, Visit&& visit);

}  // namespace fedge::internal

#include "fedge/archive/bytes.h"

template <typename Visit>
bool fedge::internal::ForEachExtraField(std::span<const std::byte> extra, Visit&& visit) {
  while (!extra.empty()) {
    if (extra.size() < 4) return false;
    const std::size_t size = LoadLittle<std::uint16_t>(extra, 2);
    if (size > extra.size() - 4) return false;
    visit(LoadLittle<std::uint16_t>(extra, 0), extra.subspan(4, size), extra.first(4 + size));
    extra = extra.subspan(4 + size);
  }
  return true;
}
