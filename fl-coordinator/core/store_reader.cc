#include "fedge/coordinator/store_reader.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "fedge/coordinator/rows.h"

namespace fedge {
namespace {

constexpr std::string_view kLiveRounds =
    "WHERE evaluation_pending OR round IN (SELECT round FROM rounds ORDER BY round DESC LIMIT 2)";
constexpr std::string_view kLiveTasks =
    "WHERE round IN (SELECT round FROM rounds ORDER BY round DESC LIMIT 2)";

void BindParameter(sqlite::Statement& statement, int parameter, std::string_view text) {
  statement.BindText(parameter, text);
}

// Larger ids than SQLite's signed integers name nothing that is stored.
void BindParameter(sqlite::Statement& statement, int parameter, std::uint64_t id) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  statement.Bind(parameter, static_cast<std::int64_t>(std::min(id, kMax)));
}

template <typename Record>
std::optional<Record> First(std::vector<Record> records) {
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

}  // namespace

Result<std::unique_ptr<StoreReader>> StoreReader::Open(const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(auto database,
                         sqlite::Database::Open(path, sqlite::Database::Mode::kReadOnly));
  return std::unique_ptr<StoreReader>(new StoreReader(std::move(database)));
}

template <typename Record, typename... Parameters>
Result<std::vector<Record>> StoreReader::Query(std::string_view rest,
                                               const Parameters&... parameters) {
  const std::string sql = SelectSql<Record>(rest);
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    FEDGE_ASSIGN_OR_RETURN(auto statement, database_.Prepare(sql));
    it = statements_.emplace(sql, std::move(statement)).first;
  }
  int index = 0;
  (BindParameter(it->second, index++, parameters), ...);
  return ReadRows<Record>(it->second);
}

Result<SavedState> StoreReader::LoadSavedState() {
  const std::lock_guard lock(mutex_);
  FEDGE_RETURN_IF_ERROR(database_.Execute("BEGIN"));
  Result<SavedState> saved = ReadSavedState();
  FEDGE_RETURN_IF_ERROR(database_.Execute("COMMIT"));
  return saved;
}

Result<SavedState> StoreReader::ReadSavedState() {
  SavedState saved;
  FEDGE_ASSIGN_OR_RETURN(auto runs, Query<RunRecord>("ORDER BY run DESC LIMIT 1"));
  saved.run = First(std::move(runs));
  FEDGE_ASSIGN_OR_RETURN(saved.rounds, Query<RoundRecord>(kLiveRounds));
  FEDGE_ASSIGN_OR_RETURN(saved.tasks, Query<TaskRecord>(kLiveTasks));
  FEDGE_ASSIGN_OR_RETURN(auto models, Query<GlobalModelRow>(""));
  if (!models.empty()) saved.model = models.front().model;
  return saved;
}

Result<std::vector<RoundRecord>> StoreReader::ListRounds(RunId run, RoundId before,
                                                         std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  if (before == 0) before = std::numeric_limits<RoundId>::max();
  const std::uint64_t rows = limit;
  if (run == 0) {
    return Query<RoundRecord>("WHERE round < ? ORDER BY round DESC LIMIT ?", before, rows);
  }
  return Query<RoundRecord>("WHERE run = ? AND round < ? ORDER BY round DESC LIMIT ?", run, before,
                            rows);
}

Result<RunRecord> StoreReader::FindRun(const std::string& request_id) {
  const std::lock_guard lock(mutex_);
  FEDGE_ASSIGN_OR_RETURN(
      auto records, Query<RunRecord>("WHERE request_id = ? ORDER BY run DESC LIMIT 1", request_id));
  if (records.empty()) return NotFound("no run was started by request '{}'", request_id);
  return std::move(records.front());
}

Result<RoundRecord> StoreReader::GetRound(RoundId round) {
  const std::lock_guard lock(mutex_);
  FEDGE_ASSIGN_OR_RETURN(auto records, Query<RoundRecord>("WHERE round = ?", round));
  if (records.empty()) return NotFound("there is no round {}", round);
  return std::move(records.front());
}

Result<std::vector<TaskRecord>> StoreReader::ListTasks(RoundId round) {
  const std::lock_guard lock(mutex_);
  return Query<TaskRecord>("WHERE round = ? ORDER BY client", round);
}

Result<std::vector<TaskRecord>> StoreReader::ListTasksOf(const ClientId& client,
                                                         std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  return Query<TaskRecord>("WHERE client = ? ORDER BY round DESC LIMIT ?", client,
                           std::uint64_t{limit});
}

Result<std::vector<ClientRecord>> StoreReader::ListClients(const ClientId& after,
                                                           std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  return Query<ClientRecord>("WHERE client > ? ORDER BY client LIMIT ?", after,
                             std::uint64_t{limit});
}

Result<ClientRecord> StoreReader::GetClient(const ClientId& client) {
  const std::lock_guard lock(mutex_);
  FEDGE_ASSIGN_OR_RETURN(auto records, Query<ClientRecord>("WHERE client = ?", client));
  if (records.empty()) return NotFound("there is no client '{}'", client);
  return std::move(records.front());
}

Result<std::vector<EventRecord>> StoreReader::ListEvents(std::uint64_t after, std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  return Query<EventRecord>("WHERE sequence > ? ORDER BY sequence LIMIT ?", after,
                            std::uint64_t{limit});
}

}  // namespace fedge
