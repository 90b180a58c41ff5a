#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"

namespace fedge {

// Updates on disk: extents in segment files, one segment per round, so that small updates need no file of their own and
// one fdatasync covers all that arrived together. Thread-safe; writes to one extent come from one thread at a time.
class Spool {
 public:
  // `folder` is created if need be.
  static Result<std::unique_ptr<Spool>> Open(FileSystem& files, std::string folder);
  virtual ~Spool() = default;

  // Room for `size` bytes in the segment of `round`. kResourceExhausted when the disk is full.
  virtual Result<Extent> Allocate(RoundId round, std::uint64_t size) = 0;
  // `offset` is within the extent.
  virtual Status Write(const Extent& extent, std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Status Read(const Extent& extent, std::uint64_t offset, std::span<std::byte> out) = 0;
  // Makes everything written to the round's segment durable, its directory entry too.
  virtual Status Sync(RoundId round) = 0;
  // Removes the segment; OK if there is none.
  virtual Status Drop(RoundId round) = 0;
  // Removes every segment but that of `round` (0: all), after a restart. Continues behind what `round`'s segment holds.
  virtual Status DropAllBut(RoundId round) = 0;
};

}  // namespace fedge
