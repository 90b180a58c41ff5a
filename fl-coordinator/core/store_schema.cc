#include "fedge/coordinator/store_schema.h"

#include <algorithm>

#include "fedge/coordinator/rows.h"

namespace fedge {
namespace {

// "FEDG": SQLite's header field that says whose file this is.
constexpr std::int64_t kApplicationId = 0x46454447;

// STRICT: a value of another type is refused, not converted.
template <typename Record>
std::string CreateTableSql(std::string_view options = "STRICT") {
  return fmt::format("CREATE TABLE {} ({}, PRIMARY KEY ({})) {}", Table<Record>::kName,
                     ColumnsOf<Record>().definitions(), Table<Record>::kKey, options);
}

Status CreateSchema(sqlite::Database& database) {
  std::string sql = "BEGIN IMMEDIATE;";
  for (const std::string& statement : SchemaStatements()) sql += statement + ";";
  sql += fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
                     kApplicationId, kSchemaVersion);
  return database.Execute(sql).WithContext("creating the database");
}

Status CheckSchema(sqlite::Database& database) {
  std::vector<std::string> expected = SchemaStatements();
  std::vector<std::string> found;
  FEDGE_ASSIGN_OR_RETURN(auto query,
                         database.Prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"));
  while (true) {
    FEDGE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    found.emplace_back(query.Bytes(0));
  }
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  if (found == expected) return OkStatus();
  return DataLoss("the database's tables are not those of schema version {}", kSchemaVersion);
}

// `arguments`: nothing, or one table in parentheses.
Status CheckStructure(sqlite::Database& database, std::string_view arguments) {
  FEDGE_ASSIGN_OR_RETURN(auto check,
                         database.Prepare(fmt::format("PRAGMA integrity_check{}", arguments)));
  const sqlite::ResetOnExit reset(check);
  FEDGE_ASSIGN_OR_RETURN(const bool row, check.Step());
  if (row && check.Bytes(0) == "ok") return OkStatus();
  return DataLoss("the database is damaged: {}", row ? check.Bytes(0) : "no answer");
}

template <typename Record>
Status CheckTable(sqlite::Database& database, bool structure) {
  if (structure)
    FEDGE_RETURN_IF_ERROR(CheckStructure(database, fmt::format("({})", Table<Record>::kName)));
  FEDGE_ASSIGN_OR_RETURN(auto select, database.Prepare(SelectSql<Record>("")));
  const sqlite::ResetOnExit reset(select);
  while (true) {
    FEDGE_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return OkStatus();
    FEDGE_RETURN_IF_ERROR(ReadRow<Record>(select).status());
  }
}

}  // namespace

std::vector<std::string> SchemaStatements() {
  return {
      CreateTableSql<MetaRow>("STRICT, WITHOUT ROWID"),
      CreateTableSql<GlobalModelRow>(),
      CreateTableSql<RunRecord>(),
      CreateTableSql<RoundRecord>(),
      CreateTableSql<TaskRecord>("STRICT, WITHOUT ROWID"),
      CreateTableSql<ClientRecord>("STRICT, WITHOUT ROWID"),
      CreateTableSql<EventRecord>(),
      "CREATE INDEX rounds_by_run ON rounds (run, round)",
      "CREATE INDEX rounds_evaluating ON rounds (round) WHERE evaluation_pending",
      "CREATE INDEX tasks_by_client ON tasks (client, round)",
  };
}

Status PrepareSchema(sqlite::Database& database, bool had_content) {
  FEDGE_ASSIGN_OR_RETURN(const std::int64_t num_objects,
                         database.QueryInteger("SELECT count(*) FROM sqlite_schema"));
  FEDGE_ASSIGN_OR_RETURN(const std::int64_t application,
                         database.QueryInteger("PRAGMA application_id"));
  FEDGE_ASSIGN_OR_RETURN(const std::int64_t version, database.QueryInteger("PRAGMA user_version"));
  if (num_objects == 0 && application == 0 && version == 0) {
    if (!had_content) return CreateSchema(database);
    return DataLoss(
        "the database is empty, and was not before: it or its write-ahead log is damaged or "
        "gone");
  }
  if (application != kApplicationId || version <= 0) {
    return FailedPrecondition("not a coordinator's database (application id {}, version {})",
                              application, version);
  }
  if (version > kSchemaVersion) {
    return FailedPrecondition(
        "the database has schema version {}; this program knows {}: use a newer one", version,
        kSchemaVersion);
  }
  return CheckSchema(database);
}

Status VerifyContent(sqlite::Database& database, std::int64_t full_check_bytes) {
  FEDGE_ASSIGN_OR_RETURN(const std::int64_t num_pages, database.QueryInteger("PRAGMA page_count"));
  FEDGE_ASSIGN_OR_RETURN(const std::int64_t page_bytes, database.QueryInteger("PRAGMA page_size"));
  const bool full = num_pages * page_bytes <= full_check_bytes;
  if (full) FEDGE_RETURN_IF_ERROR(CheckStructure(database, ""));
  FEDGE_RETURN_IF_ERROR(CheckTable<MetaRow>(database, !full));
  FEDGE_RETURN_IF_ERROR(CheckTable<GlobalModelRow>(database, !full));
  FEDGE_RETURN_IF_ERROR(CheckTable<RunRecord>(database, !full));
  FEDGE_RETURN_IF_ERROR(CheckTable<RoundRecord>(database, !full));
  FEDGE_RETURN_IF_ERROR(CheckTable<ClientRecord>(database, !full));
  FEDGE_RETURN_IF_ERROR(CheckTable<EventRecord>(database, !full));
  return full ? CheckTable<TaskRecord>(database, false) : OkStatus();
}

}  // namespace fedge
