#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"

namespace fedge {

// The last entry of a backup: a line for each other one, as sha256sum writes it.
inline constexpr char kBackupSums[] = "SHA256SUMS";

// A file of the state directory as a backup takes it: open, so that it stays readable when it is
// removed meanwhile, and of the size that it had then.
struct BackupFile {
  std::string name;  // within the state directory
  std::unique_ptr<RandomAccessFile> file;
  std::uint64_t size = 0;
  std::optional<Digest> expected = {};  // what its bytes must be, or the backup fails
};

// A backup as a stream of bytes: a tar archive of the files, with SHA256SUMS, which `sha256sum -c`
// takes, as its last entry. Reads each file once. Thread-compatible.
class BackupStream {
 public:
  static constexpr std::size_t kMinBytes = 1024;

  BackupStream(std::vector<BackupFile> files, TimePoint now);

  // The next bytes, at most `max_bytes` of them, which is at least kMinBytes; none at the end.
  // Errors name the file.
  Result<std::string> Next(std::size_t max_bytes);

 private:
  Status AddHeader(const std::string& name, std::uint64_t size, std::string& out);
  Status AddContent(std::size_t max_bytes, std::string& out);
  Status BeginNext(std::string& out);

  std::vector<BackupFile> files_;
  const TimePoint now_;
  std::size_t current_ = 0;   // of files_
  std::uint64_t offset_ = 0;  // in the current one
  bool begun_ = false;
  Sha256 hash_;
  std::string sums_;  // a line for each file so far
  bool sums_added_ = false;
  bool ended_ = false;
};

// Unpacks a backup into `folder`, which must not exist or be empty: all of it, verified and
// durable, or nothing. kFailedPrecondition: the folder is in use. kDataLoss: the backup is damaged.
// kInvalidArgument: it is no backup of a coordinator.
Status RestoreBackup(FileSystem& files, const std::string& backup, const std::string& folder);

}  // namespace fedge
