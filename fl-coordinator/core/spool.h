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

// Updates on disk: extents in segment files, one segment per round, so that small updates need no
// file of their own and one fdatasync covers all that arrived together. Thread-safe; writes to one
// extent come from one thread at a time.
class Spool {
 public:
  // `folder` is created if need be. `files` outlives the spool.
  static Result<std::unique_ptr<Spool>> Open(FileSystem& files, std::string folder);
  virtual ~Spool() = default;

  // Room for `size` bytes in the segment of `round`, at a multiple of 64 bytes, never in use twice:
  // behind all that the segment held when it was first opened, too. The extent's crc32 is the
  // caller's. kResourceExhausted when the disk is full.
  virtual Result<Extent> Allocate(RoundId round, std::uint64_t size) = 0;
  // Gives back an extent that no record names and nobody writes to, for the next Allocate of that
  // size. Without this, its room is lost until the round is dropped.
  virtual void Release(const Extent& extent) = 0;
  // `offset` is within the extent. kNotFound once the round has been dropped.
  virtual Status Write(const Extent& extent, std::uint64_t offset,
                       std::span<const std::byte> bytes) = 0;
  // kDataLoss if the segment ends before the extent does; kNotFound if there is no such segment.
  virtual Status Read(const Extent& extent, std::uint64_t offset, std::span<std::byte> out) = 0;
  // The round's segment as one file, for a backup; kNotFound if there is none.
  virtual Result<std::unique_ptr<RandomAccessFile>> OpenSegment(RoundId round) = 0;
  // The segment's name in the spool's folder.
  virtual std::string SegmentName(RoundId round) const = 0;
  // Of all segments that are open, what their extents claim.
  virtual std::uint64_t allocated_bytes() const = 0;
  // Makes everything written to the round's segment durable, its directory entry too. After an
  // error, every later Sync of this round repeats it: the system may have dropped the bytes that it
  // could not write.
  virtual Status Sync(RoundId round) = 0;
  // Removes the segment; OK if there is none. Reads and writes in progress end as if it were still
  // there.
  virtual Status Drop(RoundId round) = 0;
  // Removes every segment but that of `round` (0: all), after a restart.
  virtual Status DropAllBut(RoundId round) = 0;
};

}  // namespace fedge
