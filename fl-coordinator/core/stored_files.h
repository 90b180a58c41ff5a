#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/spool.h"

// Whether what lies on disk still is what was written. Everything is read in pieces of fixed size:
// memory does not grow with models and updates.
namespace fedge {

struct FileContent {
  Digest digest;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;
};
// Errors of the file.
Result<FileContent> ReadContent(FileSystem& files, const std::string& path);
// Of the whole file; several times as fast as its digest.
Result<std::uint32_t> ReadCrc32(FileSystem& files, const std::string& path);

// kDataLoss: its checksum differs, or the segment ends before it; else as Spool::Read.
Status VerifyExtent(Spool& spool, const Extent& extent);

// An accepted update that cannot be read any more.
struct LostUpdate {
  ClientId client;
  std::string reason;
};
// Of these tasks, those whose update was accepted and is damaged, missing or unreadable. Ends
// early, with what was found so far, once `stop` is requested.
std::vector<LostUpdate> FindLostUpdates(Spool& spool, const std::vector<TaskRecord>& tasks,
                                        const std::stop_token& stop = {});

}  // namespace fedge
