#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/byte_source.h"

namespace fedge::data {

// Splits delimited text into records as RFC 4180 says, in one pass and bounded memory: cells may be
// quoted, "" is a quote inside one, a quoted cell may span lines; lines end in LF or CRLF; blank
// lines and a byte order mark are skipped. The delimiter is the one of comma, semicolon and tab
// that the first line has most of. Thread-compatible.
class CsvReader {
 public:
  // `source` outlives the reader.
  explicit CsvReader(ByteSource& source) : source_(source) {}

  // Moves to the next record; false after the last. kInvalidArgument ("FILE:LINE: ...") for a
  // broken quote, a NUL byte or a record of more than 16 MiB; errors of the source pass through.
  Result<bool> Next();

  // Of the current record, valid until Next: cells as text with quotes removed, and the line it
  // begins on, from 1.
  std::span<const std::string_view> cells() const { return cells_; }
  std::uint64_t line() const { return record_line_; }
  char delimiter() const { return delimiter_; }
  // "FILE:LINE" of the current record, for messages.
  std::string Where() const;

 private:
  // kQuoteSeen: it closes the cell, or is the first of a "" pair. kClosed: blanks after a closing
  // quote.
  enum class State : std::uint8_t { kCellStart, kPlain, kQuoted, kQuoteSeen, kClosed };
  enum class Step : std::uint8_t { kMore, kRecord, kError };

  Status Start();
  Status Refill();
  Status ReadRecord();
  // Takes one character. kError: error_ says which.
  Step Take(char c);
  Step TakeOutsideQuotes(char c);
  Step TakeQuote();
  Step Fail(std::uint64_t line, std::string_view problem);
  void EndCell();
  void CutCells();
  bool IsBlank() const { return ends_.size() == 1 && ends_[0] == 0 && !quoted_; }

  ByteSource& source_;
  std::string buffer_;
  std::size_t next_ = 0;  // in buffer_
  char delimiter_ = '\0';
  bool started_ = false;

  Status error_;
  State state_ = State::kCellStart;
  bool quoted_ = false;            // some cell of the record was quoted
  std::string text_;               // the record's cells, one after the other
  std::vector<std::size_t> ends_;  // of each cell in text_
  std::vector<std::string_view> cells_;
  std::uint64_t line_ = 1;  // being read
  std::uint64_t record_line_ = 1;
};

}  // namespace fedge::data
