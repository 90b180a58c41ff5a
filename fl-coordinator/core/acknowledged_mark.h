#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/result.h"

namespace fedge {

// How far the database was when it last said so.
struct Acknowledged {
  std::uint64_t commits = 0;
  std::uint64_t orders = 0;  // those of them that do not come about again by themselves

  friend bool operator==(const Acknowledged&, const Acknowledged&) = default;
};

// How many commits the database has acknowledged, in a file of its own. SQLite takes a damaged
// frame of its write-ahead log for the end of the log, and leaves out what was committed behind it
// without a word; this is what tells. Two slots take turns, so that one is always whole.
// Thread-safe.
class AcknowledgedMark {
 public:
  // `files` outlives the mark. A file that is damaged as a whole is taken for a new one.
  static Result<std::unique_ptr<AcknowledgedMark>> Open(FileSystem& files, const std::string& path);

  // What the file had when it was opened, or was last written; none: it is new.
  std::optional<Acknowledged> last() const;
  // Survives the end of the process, and after the next Sync a loss of power.
  Status Write(const Acknowledged& acknowledged);
  Status Sync();

 private:
  explicit AcknowledgedMark(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Status Read();

  const std::unique_ptr<WritableFile> file_;
  mutable std::mutex mutex_;
  std::uint64_t generation_ = 0;  // of the newest slot; 0: none
  Acknowledged last_;
};

}  // namespace fedge
