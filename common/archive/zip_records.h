#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fedge/archive/zip_directory.h"

// The bytes of ZIP headers, as PyTorch's writer lays them out: sizes and CRC in a descriptor behind
// the data, the data aligned by an extra field "FB" of padding in the local header.
namespace fedge::internal {

inline constexpr std::size_t kLocalCrcOffset = 14;
inline constexpr std::size_t kCentralCrcOffset = 16;
inline constexpr std::size_t kDescriptorCrcOffset = 4;

// A record to be written. Its CRC is zero in what is made here.
struct NewRecord {
  std::string name;
  std::uint64_t size = 0;                           // as it is stored
  std::optional<std::uint64_t> inflated_size = {};  // of one that is deflated
  std::uint64_t header_offset = 0;
  std::span<const std::byte>
      like;  // a central entry whose attributes and times it takes; empty for none
};
std::string NewLocalHeader(const NewRecord& record, std::uint64_t alignment);
std::string NewDescriptor(const NewRecord& record);
std::string NewCentralEntry(const NewRecord& record);

// An entry of the central directory, and the payload whose CRC belongs into it, if any.
struct CentralEntry {
  std::string bytes;
  std::optional<std::size_t> crc_of;
};
// The entry of a record that is kept but begins at `header_offset` now.
CentralEntry MoveCentralEntry(const ZipEntry& entry, std::uint64_t header_offset);

// A local header, name and extra fields included, with new padding: data of a record at
// `header_offset` are aligned.
std::string PadHeader(std::span<const std::byte> header, std::uint64_t header_offset,
                      std::uint64_t alignment);

// Where the CRC stands in the descriptor that begins `trailer`; nullopt if the header announces
// none.
std::optional<std::size_t> DescriptorCrcOffset(std::string_view header, std::string_view trailer);

struct DirectoryExtent {
  std::uint64_t num_entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};
// The end records: with ZIP64's if the base's `tail` has them or a number needs them.
std::string NewEnd(const DirectoryExtent& directory, std::span<const std::byte> tail);

}  // namespace fedge::internal
