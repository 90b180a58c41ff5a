#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fedge::fedctl {

// Rows with aligned columns. Thread-compatible.
class Table {
 public:
  enum class Align : bool { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // One cell per column.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // A line of titles, then the rows; lines are cut at `width` (0: not at all).
  std::string Render(std::size_t width) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name   value" lines: the names aligned, empty values left out.
std::string RenderFields(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace fedge::fedctl
