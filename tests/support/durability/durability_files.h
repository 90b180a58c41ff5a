#pragma once

#include "fedge/common/file.h"
#include "fedge/testing/durability/crash_points.h"
#include "fedge/testing/durability/power_loss_disk.h"

namespace fedge::testing {

// The operating system's files; a PowerLossDisk is told of each operation, and CrashPoints are
// passed before and after it. Syncs are noted, not done: a disk that never loses power makes the
// rest of the test fast. Thread-safe.
class DurabilityFiles final : public FileSystem {
 public:
  DurabilityFiles(PowerLossDisk& disk, CrashPoints& points) : disk_(disk), points_(points) {}

  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  bool Exists(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  PowerLossDisk& disk_;
  CrashPoints& points_;
};

}  // namespace fedge::testing
