#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "fedge/common/result.h"

// SQLite's C interface as values with Status. Thread-compatible.
namespace fedge::sqlite {

// Code by SQLite's result code: kDataLoss (corrupt), kResourceExhausted (full), kPermissionDenied,
// kUnavailable (I/O, busy).
Status ErrorStatus(sqlite3* database, int code, std::string_view doing);

// A prepared statement, kept and used again. Parameters and columns count from 0.
class Statement {
 public:
  Statement() = default;  // empty: only to be assigned to

  void Bind(int parameter, std::int64_t value);
  void Bind(int parameter, double value);  // NaN is stored as NULL
  // The bytes live until the next Reset.
  void BindText(int parameter, std::string_view text);
  void BindBlob(int parameter, std::span<const std::byte> bytes);

  // True: there is a row. After false or an error the statement is reset.
  Result<bool> Step();
  // Runs a statement that gives no rows, and resets it.
  Status Run();
  void Reset();

  // SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL.
  int TypeOf(int column) const { return sqlite3_column_type(handle_.get(), column); }
  std::int64_t Integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  double Real(int column) const { return sqlite3_column_double(handle_.get(), column); }
  // Bytes of a text or blob, until the next Step or Reset.
  std::string_view Bytes(int column) const;
  // "round=7 client=a" of the first columns, for messages.
  std::string Describe(int num_columns) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// Resets a statement on the way out, so that its read transaction ends.
class ResetOnExit {
 public:
  explicit ResetOnExit(Statement& statement) : statement_(statement) {}
  ResetOnExit(const ResetOnExit&) = delete;
  ResetOnExit& operator=(const ResetOnExit&) = delete;
  ~ResetOnExit() { statement_.Reset(); }

 private:
  Statement& statement_;
};

// One connection. Outlives its statements.
class Database {
 public:
  enum class Mode { kReadOnly, kReadWrite };
  static Result<Database> Open(const std::string& path, Mode mode);

  // Statements that give no rows of interest, separated by semicolons.
  Status Execute(const std::string& sql);
  Result<Statement> Prepare(std::string_view sql);
  // The single integer that a query gives.
  Result<std::int64_t> QueryInteger(std::string_view sql);
  sqlite3* handle() { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace fedge::sqlite
