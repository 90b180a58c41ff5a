#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/formats/csv_reader.h"
#include "fedge/data/options.h"

namespace fedge::data {

// Distinct strings, numbered in order of appearance.
struct Names {
  std::map<std::string, std::uint32_t, std::less<>> index;
  std::vector<std::string> names;
  std::vector<std::uint64_t> first_line;  // where each appeared first

  std::uint32_t Intern(std::string_view name, std::uint64_t line);
};

// What each column of a delimited file is.
struct CsvColumns {
  std::vector<std::string> header;  // empty if the file has none
  std::size_t num_columns = 0;
  std::size_t label = 0;
  std::optional<std::size_t> key;

  std::size_t num_features() const { return num_columns - 1 - (key ? 1 : 0); }
  // "column 3" or "column 'age'".
  std::string Describe(std::size_t column) const;
};

// The content of one file.
struct CsvTable {
  CsvColumns columns;
  std::vector<float> features;        // [rows, num_features]
  std::vector<float> reals;           // [rows] for a real target, else empty
  std::vector<std::uint32_t> labels;  // [rows] into label_names, or empty
  Names label_names;
  std::vector<std::uint32_t> keys;  // [rows] into key_names, or empty
  Names key_names;
  std::size_t num_rows = 0;
};

// Reads a whole file. The first record is a header if the options name a column, or if some cell of
// it that is not the label is no number. Errors begin with "FILE:LINE: " and name the column.
Result<CsvTable> ReadCsvTable(ByteSource& source, const DatasetOptions& options);

}  // namespace fedge::data
