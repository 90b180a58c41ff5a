#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "fedge/common/status.h"
#include "fedge/coordinator/acknowledged_mark.h"
#include "fedge/coordinator/checkpointer.h"
#include "fedge/coordinator/commit_counter.h"
#include "fedge/coordinator/sqlite.h"
#include "fedge/coordinator/store.h"

namespace fedge {

// The store's one writing connection. Thread-safe.
class StoreWriter {
 public:
  // Write-ahead log, every commit synced. Before the connection is read from or written to at
  // length.
  static Status Configure(sqlite::Database& database);
  // `database`, at `path`, has its schema. kDataLoss if it lacks commits that `mark` tells of and
  // that cannot happen again by themselves.
  static Result<std::unique_ptr<StoreWriter>> Create(sqlite::Database database,
                                                     const std::string& path,
                                                     const StoreOptions& options,
                                                     std::unique_ptr<AcknowledgedMark> mark);
  ~StoreWriter();

  Status Commit(std::span<const StoreWrite> writes);
  std::uint64_t last_event_sequence() const { return last_event_; }
  std::uint64_t lost_commits() const { return lost_commits_; }

 private:
  struct Statements;
  StoreWriter(sqlite::Database database, const StoreOptions& options,
              std::unique_ptr<AcknowledgedMark> mark);
  Status Prepare(const std::string& path);
  Status Write(std::span<const StoreWrite> writes, std::uint64_t& last_event);
  Status DropEventsBefore(std::uint64_t sequence);
  // Once enough of them are older than the options want. `pruned_below` is set to the first round
  // that has its tasks.
  Status ForgetOldRounds(RoundId newest, RoundId& pruned_below);
  Status ForgetOldClients();
  // Reads how far the database is, and holds the mark against it.
  Status CompareWithMark();
  // A commit has succeeded.
  void Acknowledge(const CommitCounter& counter);
  // Starts a checkpoint when the write-ahead log has grown.
  void BoundLog();

  const StoreOptions options_;
  std::mutex mutex_;
  sqlite::Database database_;
  const std::unique_ptr<AcknowledgedMark> mark_;
  std::unique_ptr<Statements> statements_;
  std::unique_ptr<Checkpointer> checkpointer_;
  int log_pages_ = 0;                // in the write-ahead log, after the last commit
  std::uint64_t first_event_ = 1;    // no older one is kept
  RoundId pruned_below_ = 0;         // no older round has its tasks
  std::uint64_t client_writes_ = 0;  // since old clients were looked for
  std::atomic<std::uint64_t> last_event_ = 0;
  CommitCounter counter_;
  std::uint64_t lost_commits_ = 0;
};

}  // namespace fedge
