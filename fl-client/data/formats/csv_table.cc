#include "fedge/data/formats/csv_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/data/formats/numbers.h"

namespace fedge::data {
namespace {

constexpr std::size_t kMaxLabels = 65536;

// A column given as a number from 1, for files without a header.
std::optional<std::size_t> ColumnNumber(std::string_view text, std::size_t num_columns) {
  const std::optional<double> number = ParseNumber(text);
  if (!number || *number < 1 || *number > static_cast<double>(num_columns)) return std::nullopt;
  const auto column = static_cast<std::size_t>(*number);
  if (static_cast<double>(column) != *number) return std::nullopt;
  return column - 1;
}

// A name given for a column means that there is a header. Otherwise features are numbers and their
// names are not: a line with some of each is data in which something is missing, and said to be.
bool HasHeader(std::span<const std::string_view> cells, const DatasetOptions& options) {
  const auto label_number = ColumnNumber(options.label_column, cells.size());
  if (!options.key_column.empty() || (!options.label_column.empty() && !label_number)) return true;
  const std::size_t label = label_number.value_or(cells.size() - 1);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != label && ParseNumber(cells[i])) return false;
  }
  return cells.size() > 1;
}

Result<std::size_t> FindColumn(const CsvColumns& columns, const std::string& name,
                               const CsvReader& reader) {
  const auto found = std::find(columns.header.begin(), columns.header.end(), name);
  if (found != columns.header.end())
    return static_cast<std::size_t>(found - columns.header.begin());
  if (const auto number = ColumnNumber(name, columns.num_columns)) return *number;
  constexpr std::size_t kShown = 20;
  const auto end =
      columns.header.begin() + static_cast<std::ptrdiff_t>(std::min(columns.header.size(), kShown));
  return InvalidArgument("{}: there is no column '{}'; the first line has: {}{}", reader.Where(),
                         name, fmt::join(columns.header.begin(), end, ", "),
                         columns.header.size() > kShown ? ", ..." : "");
}

Result<CsvColumns> ResolveColumns(const CsvReader& reader, const DatasetOptions& options) {
  CsvColumns columns;
  columns.num_columns = reader.cells().size();
  if (columns.num_columns < 2) {
    return InvalidArgument(
        "{}: has one column; expected features and a label, separated by commas, semicolons or "
        "tabs",
        reader.Where());
  }
  if (HasHeader(reader.cells(), options)) {
    for (const std::string_view cell : reader.cells()) columns.header.emplace_back(Trim(cell));
  }
  columns.label = columns.num_columns - 1;
  if (!options.label_column.empty()) {
    FEDGE_ASSIGN_OR_RETURN(columns.label, FindColumn(columns, options.label_column, reader));
  }
  if (!options.key_column.empty()) {
    FEDGE_ASSIGN_OR_RETURN(columns.key, FindColumn(columns, options.key_column, reader));
    if (*columns.key == columns.label) {
      return InvalidArgument("{}: '{}' is the label as well as the key; name another label column",
                             reader.Where(), options.key_column);
    }
  }
  if (columns.num_features() == 0)
    return InvalidArgument("{}: has no column left for features", reader.Where());
  return columns;
}

class TableBuilder {
 public:
  TableBuilder(CsvColumns columns, bool real_target) : real_target_(real_target) {
    table_.columns = std::move(columns);
  }

  Status AddRow(const CsvReader& reader) {
    const CsvColumns& columns = table_.columns;
    if (reader.cells().size() != columns.num_columns) {
      return InvalidArgument("{}: has {} columns; the first line has {}", reader.Where(),
                             reader.cells().size(), columns.num_columns);
    }
    for (std::size_t i = 0; i < columns.num_columns; ++i) {
      if (i == columns.label) {
        FEDGE_RETURN_IF_ERROR(AddLabel(reader));
      } else if (i == columns.key) {
        FEDGE_RETURN_IF_ERROR(AddName(reader, i, table_.key_names, table_.keys));
      } else {
        FEDGE_RETURN_IF_ERROR(AddNumber(reader, i, table_.features));
      }
    }
    ++table_.num_rows;
    return OkStatus();
  }

  CsvTable Take() { return std::move(table_); }

 private:
  Status AddLabel(const CsvReader& reader) {
    const std::size_t label = table_.columns.label;
    if (real_target_) return AddNumber(reader, label, table_.reals);
    FEDGE_RETURN_IF_ERROR(AddName(reader, label, table_.label_names, table_.labels));
    if (table_.label_names.names.size() <= kMaxLabels) return OkStatus();
    return InvalidArgument(
        "{}: {} has more than {} different values; is it a class? use --target real if it is a "
        "number",
        reader.Where(), table_.columns.Describe(label), kMaxLabels);
  }

  Status AddName(const CsvReader& reader, std::size_t column, Names& names,
                 std::vector<std::uint32_t>& out) {
    const std::string_view cell = Trim(reader.cells()[column]);
    if (cell.empty()) {
      return InvalidArgument("{}: {} is empty; fill the value in or remove the line",
                             reader.Where(), table_.columns.Describe(column));
    }
    out.push_back(names.Intern(cell, reader.line()));
    return OkStatus();
  }

  Status AddNumber(const CsvReader& reader, std::size_t column, std::vector<float>& out) {
    const std::optional<double> number = ParseNumber(reader.cells()[column]);
    const auto value = static_cast<float>(number.value_or(0));
    if (number && std::isfinite(value)) {
      out.push_back(value);
      return OkStatus();
    }
    const std::string_view cell = Trim(reader.cells()[column]);
    const std::string what = table_.columns.Describe(column);
    if (cell.empty()) {
      return InvalidArgument("{}: {} is empty; fill the value in or remove the line",
                             reader.Where(), what);
    }
    return InvalidArgument("{}: {} is '{}'; expected a finite number (float32)", reader.Where(),
                           what, cell.substr(0, 40));
  }

  CsvTable table_;
  bool real_target_;
};

}  // namespace

std::uint32_t Names::Intern(std::string_view name, std::uint64_t line) {
  const auto found = index.find(name);
  if (found != index.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(names.size());
  index.emplace(name, number);
  names.emplace_back(name);
  first_line.push_back(line);
  return number;
}

std::string CsvColumns::Describe(std::size_t column) const {
  return header.empty() ? fmt::format("column {}", column + 1)
                        : fmt::format("column '{}'", header[column]);
}

Result<CsvTable> ReadCsvTable(ByteSource& source, const DatasetOptions& options) {
  CsvReader reader(source);
  FEDGE_ASSIGN_OR_RETURN(bool more, reader.Next());
  if (!more) return InvalidArgument("{}: is empty; expected delimited text", source.name());
  FEDGE_ASSIGN_OR_RETURN(CsvColumns columns, ResolveColumns(reader, options));
  const bool has_header = !columns.header.empty();
  TableBuilder builder(std::move(columns), options.target == TargetChoice::kReal);
  if (has_header) {
    FEDGE_ASSIGN_OR_RETURN(more, reader.Next());
    if (!more) return InvalidArgument("{}: has a header, but no line below it", source.name());
  }
  while (more) {
    FEDGE_RETURN_IF_ERROR(builder.AddRow(reader));
    FEDGE_ASSIGN_OR_RETURN(more, reader.Next());
  }
  return builder.Take();
}

}  // namespace fedge::data
