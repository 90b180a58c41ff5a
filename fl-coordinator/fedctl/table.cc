#include "fedge/fedctl/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "fedge/cli/text.h"
#include "fedge/common/check.h"
#include "fedge/fedctl/format.h"

namespace fedge::fedctl {
namespace {

std::string Padded(const std::string& cell, std::size_t width, Table::Align align) {
  const std::size_t columns = cli::Columns(cell);
  const std::string blanks(width > columns ? width - columns : 0, ' ');
  return align == Table::Align::kRight ? blanks + cell : cell + blanks;
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  FEDGE_CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Render(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = cli::Columns(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, cli::Columns(row[i]));
    widths.push_back(widest);
  }
  std::string out;
  const auto add = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += "  ";
      line += Padded(cell_of(i), widths[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += (width == 0 ? line : Fit(line, width)) + "\n";
  };
  add([this](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    add([&row](std::size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

std::string RenderFields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t widest = 0;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) widest = std::max(widest, cli::Columns(name));
  }
  std::string out;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out += fmt::format("{}  {}\n", Padded(name, widest, Table::Align::kLeft), Printable(value));
  }
  return out;
}

}  // namespace fedge::fedctl
