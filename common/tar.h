#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "fedge/common/clock.h"
#include "fedge/common/result.h"

// Tape archives of regular files in the "ustar" format (POSIX.1-1988), with GNU's binary sizes from
// 8 GiB on: just what a stream of files with known sizes needs, and what every tar program reads.
namespace fedge::tar {

inline constexpr std::size_t kBlockBytes = 512;
using Block = std::array<std::byte, kBlockBytes>;

struct Entry {
  std::string name;  // a relative path of at most 100 bytes
  std::uint64_t size = 0;
};

// What comes before the entry's bytes. kInvalidArgument: the name does not fit.
Result<Block> Header(const Entry& entry, TimePoint modified);
// How many zero bytes follow `size` bytes of content.
constexpr std::uint64_t Padding(std::uint64_t size) {
  return (kBlockBytes - size % kBlockBytes) % kBlockBytes;
}
// How many zero bytes end an archive.
inline constexpr std::uint64_t kTrailerBytes = 2 * kBlockBytes;

// The entry that a header begins; nullopt for the block of zeros that ends an archive. kDataLoss
// for a wrong checksum, kInvalidArgument for what is no header of a regular file.
Result<std::optional<Entry>> ParseHeader(std::span<const std::byte, kBlockBytes> block);

}  // namespace fedge::tar
