#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fedge/common/result.h"
#include "fedge/coordinator/acknowledged_mark.h"
#include "fedge/coordinator/sqlite.h"

namespace fedge {

// Moves what the write-ahead log holds into the database, and syncs the mark of what was
// acknowledged, on a thread and a connection of its own, so that no commit waits for it.
// Thread-safe.
class Checkpointer {
 public:
  // `mark` outlives the checkpointer.
  static Result<std::unique_ptr<Checkpointer>> Start(const std::string& path,
                                                     AcknowledgedMark& mark);
  // Ends a checkpoint in progress first.
  ~Checkpointer();

  // Asks for a checkpoint; returns at once.
  void Request();
  // The same for the mark: at most once a second, so that it does not hold up the syncs that
  // somebody waits for.
  void RequestMarkSync();
  // Moves everything, waiting for readers, so that the log begins anew with the next commit.
  void Run();

 private:
  Checkpointer(sqlite::Database database, AcknowledgedMark& mark);
  void Loop();
  void Checkpoint(int mode);
  void SyncMark();

  AcknowledgedMark& mark_;
  std::mutex database_mutex_;
  sqlite::Database database_;
  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  bool checkpoint_requested_ = false;
  bool sync_requested_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fedge
