#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "fedge/common/file.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/run_machine.h"

namespace fedge {

struct SaveClient {
  ClientRecord client;
};
using StoreWrite = std::variant<SaveRun, SaveRound, SaveTask, SaveEvent, SaveModel, SaveClient>;

// The database as of one commit. Thread-compatible; outlives nothing but its store.
class StoreSnapshot {
 public:
  virtual ~StoreSnapshot() = default;
  // A copy of it as a database file, which has no name: it is gone when it is closed.
  virtual Result<std::unique_ptr<RandomAccessFile>> Copy() = 0;
};

// How much the store remembers of what nothing needs any more.
struct StoreOptions {
  std::uint64_t keep_tasks = 1'000;      // of the newest rounds; at least 2
  std::uint64_t keep_rounds = 100'000;   // records of the newest ones; at least 2
  std::uint64_t keep_clients = 100'000;  // those seen last
};

// The coordinator's memory: SQLite (WAL, synchronous=FULL) in the state directory, every row with a
// checksum that is verified when it is read. Thread-safe: one connection writes, one reads.
class Store {
 public:
  // Creates or opens DIR/coordinator.db, and DIR/acknowledged beside it (acknowledged_mark.h).
  // kDataLoss names table and key of a row whose checksum differs, or the run that the database has
  // lost; kFailedPrecondition for a database of a newer schema. `files` outlives the store.
  static Result<std::unique_ptr<Store>> Open(const std::string& folder,
                                             FileSystem& files = PosixFileSystem(),
                                             const StoreOptions& options = {});
  virtual ~Store() = default;

  // All or nothing, durable on return. Events get their sequence numbers; the newest 100,000 are
  // kept; of rounds and tasks what the options say. After kUnavailable (an I/O error) only the next
  // Open can tell which of the two it was.
  virtual Status Commit(std::span<const StoreWrite> writes) = 0;

  // The run machine's state as of the last commit, without members.
  virtual Result<State> LoadState() = 0;
  // Takes no time whatever the database's size. While it lives, the write-ahead log grows.
  virtual Result<std::unique_ptr<StoreSnapshot>> Snapshot() = 0;
  // Random, made once: names this coordinator over restarts.
  virtual std::string coordinator_id() = 0;

  virtual Result<std::vector<RoundRecord>> ListRounds(RunId run, RoundId before,
                                                      std::uint32_t limit) = 0;  // newest first
  // The newest run that this request started. kNotFound.
  virtual Result<RunRecord> FindRun(const std::string& request_id) = 0;
  virtual Result<RoundRecord> GetRound(RoundId round) = 0;               // kNotFound
  virtual Result<std::vector<TaskRecord>> ListTasks(RoundId round) = 0;  // by client
  virtual Result<std::vector<TaskRecord>> ListTasksOf(const ClientId& client,
                                                      std::uint32_t limit) = 0;  // newest first
  virtual Result<std::vector<ClientRecord>> ListClients(const ClientId& after,
                                                        std::uint32_t limit) = 0;  // by id
  virtual Result<ClientRecord> GetClient(const ClientId& client) = 0;              // kNotFound
  virtual Result<std::vector<EventRecord>> ListEvents(std::uint64_t after,
                                                      std::uint32_t limit) = 0;  // oldest first
  virtual std::uint64_t last_event_sequence() = 0;
  // How many acknowledged commits the database turned out to lack when it was opened. It stands
  // where it was before them: what they said has to happen again.
  virtual std::uint64_t lost_commits() = 0;
};

}  // namespace fedge
