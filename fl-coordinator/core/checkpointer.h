#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fedge/common/result.h"
#include "fedge/coordinator/sqlite.h"

namespace fedge {

// Moves what the write-ahead log holds into the database, on a thread and a connection of its own,
// so that no commit waits for it. Thread-safe.
class Checkpointer {
 public:
  static Result<std::unique_ptr<Checkpointer>> Start(const std::string& path);
  // Ends a checkpoint in progress first.
  ~Checkpointer();

  // Asks for a checkpoint; returns at once.
  void Request();

 private:
  explicit Checkpointer(sqlite::Database database);
  void Loop();

  sqlite::Database database_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool requested_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fedge
