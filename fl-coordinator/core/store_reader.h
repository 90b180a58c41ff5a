#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/restore.h"
#include "fedge/coordinator/sqlite.h"

namespace fedge {

// The store's queries, on a read-only connection of their own: they see the last commit and delay
// no writer. What the functions give is said in store.h. Thread-safe.
class StoreReader {
 public:
  static Result<std::unique_ptr<StoreReader>> Open(const std::string& path);

  // All of it as of one commit.
  Result<SavedState> LoadSavedState();
  Result<std::vector<RoundRecord>> ListRounds(RunId run, RoundId before, std::uint32_t limit);
  Result<RunRecord> FindRun(const std::string& request_id);
  Result<RoundRecord> GetRound(RoundId round);
  Result<std::vector<TaskRecord>> ListTasks(RoundId round);
  Result<std::vector<TaskRecord>> ListTasksOf(const ClientId& client, std::uint32_t limit);
  Result<std::vector<ClientRecord>> ListClients(const ClientId& after, std::uint32_t limit);
  Result<ClientRecord> GetClient(const ClientId& client);
  Result<std::vector<EventRecord>> ListEvents(std::uint64_t after, std::uint32_t limit);

 private:
  explicit StoreReader(sqlite::Database database) : database_(std::move(database)) {}
  Result<SavedState> ReadSavedState();
  // The rows of SelectSql<Record>(rest) with these parameters.
  template <typename Record, typename... Parameters>
  Result<std::vector<Record>> Query(std::string_view rest, const Parameters&... parameters);

  std::mutex mutex_;
  sqlite::Database database_;
  std::map<std::string, sqlite::Statement, std::less<>> statements_;  // by SQL
};

}  // namespace fedge
