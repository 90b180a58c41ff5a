#include "fedge/coordinator/sqlite.h"

#include "fedge/common/check.h"

namespace fedge::sqlite {
namespace {

StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return StatusCode::kDataLoss;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return StatusCode::kResourceExhausted;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return StatusCode::kPermissionDenied;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInternal;
  }
}

// Enough of a statement to know it.
std::string_view FirstWords(std::string_view sql) { return sql.substr(0, sql.find('(')); }

constexpr int kBusyTimeoutMs = 10'000;

}  // namespace

Status ErrorStatus(sqlite3* database, int code, std::string_view doing) {
  const char* path = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
  const char* what = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return {CodeOf(code), fmt::format("{}: {}: {} ({})", path != nullptr ? path : "", doing, what,
                                    sqlite3_errstr(code))};
}

void Statement::Bind(int parameter, std::int64_t value) {
  FEDGE_CHECK(sqlite3_bind_int64(handle_.get(), parameter + 1, value) == SQLITE_OK);
}

void Statement::Bind(int parameter, double value) {
  FEDGE_CHECK(sqlite3_bind_double(handle_.get(), parameter + 1, value) == SQLITE_OK);
}

void Statement::BindText(int parameter, std::string_view text) {
  const char* data = text.data() != nullptr ? text.data() : "";  // a null pointer would mean NULL
  const int code = sqlite3_bind_text64(handle_.get(), parameter + 1, data, text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  // SQLITE_TOOBIG leaves NULL, which the column's NOT NULL then refuses.
  FEDGE_CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG);
}

void Statement::BindBlob(int parameter, std::span<const std::byte> bytes) {
  const void* data = bytes.data() != nullptr ? static_cast<const void*>(bytes.data()) : "";
  const int code =
      sqlite3_bind_blob64(handle_.get(), parameter + 1, data, bytes.size(), SQLITE_STATIC);
  FEDGE_CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG);
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  Status status;
  if (code != SQLITE_DONE)
    status =
        ErrorStatus(sqlite3_db_handle(handle_.get()), code, FirstWords(sqlite3_sql(handle_.get())));
  Reset();
  if (!status.ok()) return status;
  return false;
}

Status Statement::Run() {
  const Result<bool> row = Step();
  if (row.ok() && *row) Reset();
  return row.status();
}

void Statement::Reset() { sqlite3_reset(handle_.get()); }

std::string_view Statement::Bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data != nullptr ? std::string_view(data, static_cast<std::size_t>(size))
                         : std::string_view();
}

std::string Statement::Describe(int num_columns) const {
  std::string description;
  for (int i = 0; i < num_columns; ++i) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), i));
    description += fmt::format("{}{}={}", i == 0 ? "" : " ", sqlite3_column_name(handle_.get(), i),
                               text ? text : "?");
  }
  return description;
}

Result<Database> Database::Open(const std::string& path, Mode mode) {
  const int access =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle);  // even a failed open gives a handle, for its message
  if (code != SQLITE_OK) return ErrorStatus(handle, code, "cannot open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // The file is data, whoever wrote it: its schema may neither run functions nor be rewritten by a
  // statement.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? OkStatus() : ErrorStatus(handle_.get(), code, sql);
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return ErrorStatus(handle_.get(), code, sql);
  return Statement(statement);
}

Result<std::int64_t> Database::QueryInteger(std::string_view sql) {
  FEDGE_ASSIGN_OR_RETURN(Statement query, Prepare(sql));
  FEDGE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return NotFound("{}: gives no row", sql);
  return query.Integer(0);
}

}  // namespace fedge::sqlite
