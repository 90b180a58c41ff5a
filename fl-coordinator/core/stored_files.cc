#include "fedge/coordinator/stored_files.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "fedge/common/file_content.h"
#include "fedge/common/hash.h"

namespace fedge {

Status VerifyExtent(Spool& spool, const Extent& extent) {
  std::uint32_t crc32 = 0;
  const auto read = [&](std::uint64_t offset, std::span<std::byte> out) {
    return spool.Read(extent, offset, out);
  };
  FEDGE_RETURN_IF_ERROR(ForEachPiece(extent.size, read, [&](std::span<const std::byte> piece) {
    crc32 = Crc32(piece, crc32);
    return OkStatus();
  }));
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
