#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/spool.h"

// Whether updates on disk still are what was written. They are read in pieces of fixed size: memory
// does not grow with them.
namespace fedge {

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
