#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "fedge/common/clock.h"
#include "fedge/common/hash.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/sqlite.h"

// How the members of a record become columns of a row, the row's checksum over all of them, and the
// way back. The three visitors below walk the one list of columns that Table<Record>::Visit is
// (tables.h).
namespace fedge {

// CRC-32 of a table's name and the values of one row, each with its type and length.
class RowChecksum {
 public:
  explicit RowChecksum(std::string_view table) { Add('n', table); }
  void Add(std::int64_t value);
  void Add(double value);
  void Add(char type, std::string_view bytes);
  std::int64_t Finish() const { return Crc32(AsBytes(encoded_)); }

 private:
  std::string encoded_;
};

// Each key and value with its length before it; one column.
std::string EncodeLabels(const Labels& labels);
bool DecodeLabels(std::string_view encoded, Labels& labels);

// What SQLite keeps of a number: all NaNs become one, and negative zero becomes zero.
double Stored(double value);

template <typename T>
concept IntegerColumn = std::integral<T> || std::is_enum_v<T> || std::same_as<T, TimePoint> ||
    std::same_as<T, Duration>;

// The type of a column in a STRICT table, with its constraint.
template <typename T>
constexpr std::string_view ColumnType() {
  if constexpr (IntegerColumn<T>) return "INTEGER NOT NULL";
  if constexpr (std::same_as<T, double>) return "REAL";  // NULL: NaN
  if constexpr (std::same_as<T, std::string>) return "TEXT NOT NULL";
  return "BLOB NOT NULL";
}

// Lists names, and names with types.
class ColumnLister {
 public:
  template <typename T>
  void operator()(std::string_view name, const T&) {
    names_ += std::string(name) + ", ";
    definitions_ += std::string(name) + " " + std::string(ColumnType<T>()) + ", ";
    placeholders_ += "?, ";
  }
  // Each with the checksum at the end.
  std::string names() const { return names_ + "crc"; }
  std::string definitions() const { return definitions_ + "crc INTEGER NOT NULL"; }
  std::string placeholders() const { return placeholders_ + "?"; }

 private:
  std::string names_;
  std::string definitions_;
  std::string placeholders_;
};

// Binds a record's members to the parameters of a statement. The record lives until the statement
// has run.
class RowWriter {
 public:
  RowWriter(sqlite::Statement& statement, std::string_view table)
      : statement_(statement), checksum_(table) {}

  template <typename T>
  void operator()(std::string_view, const T& value) {
    if constexpr (std::same_as<T, TimePoint>) {
      Integer(value.time_since_epoch().count());
    } else if constexpr (std::same_as<T, Duration>) {
      Integer(value.count());
    } else if constexpr (IntegerColumn<T>) {
      Integer(static_cast<std::int64_t>(value));  // unsigned 64-bit values by their bits
    } else {
      Put(value);
    }
  }
  void Finish() { statement_.Bind(column_, checksum_.Finish()); }

 private:
  void Integer(std::int64_t value);
  void Put(double value);
  void Put(const std::string& value);
  void Put(const Digest& value);
  void Put(const Labels& value);

  sqlite::Statement& statement_;
  RowChecksum checksum_;
  int column_ = 0;
  std::string labels_;  // encoded; a record has one column of them
};

// Fills a record's members from the columns of the current row.
class RowReader {
 public:
  RowReader(const sqlite::Statement& row, std::string_view table)
      : row_(row), table_(table), checksum_(table) {}

  template <typename T>
  void operator()(std::string_view, T& value) {
    if constexpr (std::same_as<T, TimePoint>) {
      value = TimePoint(Duration(Integer()));
    } else if constexpr (std::same_as<T, Duration>) {
      value = Duration(Integer());
    } else if constexpr (IntegerColumn<T>) {
      value = static_cast<T>(Integer());
    } else {
      Get(value);
    }
  }
  // kDataLoss names the table and the row's key, its first `num_key_columns` columns, if a type or
  // the checksum differs.
  Status Finish(int num_key_columns);

 private:
  std::int64_t Integer();
  void Get(double& value);
  void Get(std::string& value);
  void Get(Digest& value);
  void Get(Labels& value);
  // Whether the next column has this type.
  bool Expect(int type);

  const sqlite::Statement& row_;
  std::string_view table_;
  RowChecksum checksum_;
  int column_ = 0;
  bool valid_ = true;
};

}  // namespace fedge
