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

// The coordinator's memory: SQLite (WAL, synchronous=FULL) in the state directory, every row with a
// checksum that is verified when it is read. Thread-safe: one connection writes, one reads.
class Store {
 public:
  // Creates or opens DIR/coordinator.db. kDataLoss names table and key of a row whose checksum
  // differs; kFailedPrecondition for a database of a newer schema.
  static Result<std::unique_ptr<Store>> Open(const std::string& folder);
  virtual ~Store() = default;

  // All or nothing, durable on return. Events get their sequence numbers; the newest 100,000 are
  // kept. After kUnavailable (an I/O error) only the next Open can tell which of the two it was.
  virtual Status Commit(std::span<const StoreWrite> writes) = 0;

  // The run machine's state as of the last commit, without members.
  virtual Result<State> LoadState() = 0;
  // Random, made once: names this coordinator over restarts.
  virtual std::string coordinator_id() = 0;

  virtual Result<std::vector<RoundRecord>> ListRounds(RunId run, RoundId before,
                                                      std::uint32_t limit) = 0;  // newest first
  virtual Result<RoundRecord> GetRound(RoundId round) = 0;                       // kNotFound
  virtual Result<std::vector<TaskRecord>> ListTasks(RoundId round) = 0;          // by client
  virtual Result<std::vector<TaskRecord>> ListTasksOf(const ClientId& client,
                                                      std::uint32_t limit) = 0;  // newest first
  virtual Result<std::vector<ClientRecord>> ListClients(const ClientId& after,
                                                        std::uint32_t limit) = 0;  // by id
  virtual Result<ClientRecord> GetClient(const ClientId& client) = 0;              // kNotFound
  virtual Result<std::vector<EventRecord>> ListEvents(std::uint64_t after,
                                                      std::uint32_t limit) = 0;  // oldest first
  virtual std::uint64_t last_event_sequence() = 0;
};

}  // namespace fedge
