#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/coordinator/row_io.h"
#include "fedge/coordinator/sqlite.h"
#include "fedge/coordinator/tables.h"

// The statements that follow from Table<Record>, and rows by them.
namespace fedge {

template <typename Record>
ColumnLister ColumnsOf() {
  ColumnLister columns;
  const Record record;
  Table<Record>::Visit(record, columns);
  return columns;
}

// What to append for the rows wanted: "WHERE round = ?".
template <typename Record>
std::string SelectSql(std::string_view rest) {
  return fmt::format("SELECT {} FROM {} {}", ColumnsOf<Record>().names(), Table<Record>::kName,
                     rest);
}

template <typename Record>
std::string ReplaceSql() {
  const ColumnLister columns = ColumnsOf<Record>();
  return fmt::format("INSERT OR REPLACE INTO {} ({}) VALUES ({})", Table<Record>::kName,
                     columns.names(), columns.placeholders());
}

template <typename Record>
Status WriteRow(sqlite::Statement& replace, const Record& record) {
  RowWriter writer(replace, Table<Record>::kName);
  Table<Record>::Visit(record, writer);
  writer.Finish();
  return replace.Run();
}

// The current row of a SelectSql statement. kDataLoss.
template <typename Record>
Result<Record> ReadRow(const sqlite::Statement& row) {
  Record record;
  RowReader reader(row, Table<Record>::kName);
  Table<Record>::Visit(record, reader);
  FEDGE_RETURN_IF_ERROR(reader.Finish(Table<Record>::kKeyColumns));
  return record;
}

// All rows of a SelectSql statement whose parameters are bound. kDataLoss.
template <typename Record>
Result<std::vector<Record>> ReadRows(sqlite::Statement& select) {
  const sqlite::ResetOnExit reset(select);
  std::vector<Record> records;
  while (true) {
    FEDGE_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return records;
    FEDGE_ASSIGN_OR_RETURN(Record record, ReadRow<Record>(select));
    records.push_back(std::move(record));
  }
}

}  // namespace fedge
