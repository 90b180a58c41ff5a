#include "fedge/coordinator/checkpointer.h"

#include <chrono>
#include <utility>

#include "fedge/common/log.h"

namespace fedge {
namespace {

constexpr std::chrono::seconds kMarkSyncInterval{1};

}  // namespace

Result<std::unique_ptr<Checkpointer>> Checkpointer::Start(const std::string& path,
                                                          AcknowledgedMark& mark) {
  FEDGE_ASSIGN_OR_RETURN(auto database,
                         sqlite::Database::Open(path, sqlite::Database::Mode::kReadWrite));
  FEDGE_RETURN_IF_ERROR(
      database.Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0"));
  return std::unique_ptr<Checkpointer>(new Checkpointer(std::move(database), mark));
}

Checkpointer::Checkpointer(sqlite::Database database, AcknowledgedMark& mark)
    : mark_(mark), database_(std::move(database)), thread_([this] { Loop(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::Request() {
  {
    const std::lock_guard lock(mutex_);
    checkpoint_requested_ = true;
  }
  wake_.notify_one();
}

void Checkpointer::RequestMarkSync() {
  {
    const std::lock_guard lock(mutex_);
    sync_requested_ = true;
  }
  wake_.notify_one();
}

void Checkpointer::Loop() {
  using SteadyClock = std::chrono::steady_clock;
  auto next_sync = SteadyClock::now();
  while (true) {
    bool checkpoint = false;
    bool sync = false;
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] { return checkpoint_requested_ || stopping_; };
      if (sync_requested_) {
        wake_.wait_until(lock, next_sync, due);
      } else {
        wake_.wait(lock, [&] { return due() || sync_requested_; });
      }
      sync = sync_requested_ && (stopping_ || SteadyClock::now() >= next_sync);
      if (sync) sync_requested_ = false;
      checkpoint = std::exchange(checkpoint_requested_, false) && !stopping_;
      if (stopping_ && !sync) return;
    }
    if (sync) {
      SyncMark();
      next_sync = SteadyClock::now() + kMarkSyncInterval;
    }
    // Passive: waits for nobody and blocks nobody. What it can't move stays in the log, as durable.
    if (checkpoint) Checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  }
}

void Checkpointer::SyncMark() {
  if (const Status status = mark_.Sync(); !status.ok()) {
    log::Warning("mark of commits not synced reason=\"{}\"", status.message());
  }
}

void Checkpointer::Run() { Checkpoint(SQLITE_CHECKPOINT_RESTART); }

void Checkpointer::Checkpoint(int mode) {
  const std::lock_guard lock(database_mutex_);
  sqlite3* const database = database_.handle();
  const int code = sqlite3_wal_checkpoint_v2(database, nullptr, mode, nullptr, nullptr);
  if (code == SQLITE_OK || code == SQLITE_BUSY) return;
  log::Warning("checkpoint failed reason=\"{}\"",
               sqlite::ErrorStatus(database, code, "checkpoint").message());
}

}  // namespace fedge
