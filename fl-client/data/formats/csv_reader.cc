#include "fedge/data/formats/csv_reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fedge::data {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

char DetectDelimiter(std::string_view text) {
  static constexpr std::string_view kCandidates = ",;\t";
  std::array<std::size_t, kCandidates.size()> counts{};
  bool quoted = false;
  bool begun = false;
  for (const char c : text) {
    if (c == '\n' && begun && !quoted) break;
    begun = begun || (c != '\n' && c != '\r');
    if (c == '"') quoted = !quoted;
    const std::size_t candidate = kCandidates.find(c);
    if (!quoted && candidate != std::string_view::npos) ++counts[candidate];
  }
  return kCandidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                              counts.begin())];
}

}  // namespace

std::string CsvReader::Where() const { return fmt::format("{}:{}", source_.name(), record_line_); }

Status CsvReader::Refill() {
  buffer_.resize(kBufferBytes);
  next_ = 0;
  FEDGE_ASSIGN_OR_RETURN(const std::size_t got,
                         source_.Read(std::as_writable_bytes(std::span(buffer_))));
  buffer_.resize(got);
  return OkStatus();
}

Status CsvReader::Start() {
  started_ = true;
  FEDGE_RETURN_IF_ERROR(Refill());
  if (buffer_.starts_with(kByteOrderMark)) next_ = kByteOrderMark.size();
  delimiter_ = DetectDelimiter(std::string_view(buffer_).substr(next_));
  return OkStatus();
}

Result<bool> CsvReader::Next() {
  if (!started_) FEDGE_RETURN_IF_ERROR(Start());
  do {
    FEDGE_RETURN_IF_ERROR(ReadRecord());
    if (ends_.empty()) return false;
  } while (IsBlank());
  CutCells();
  return true;
}

// Leaves ends_ empty at the end of the file.
Status CsvReader::ReadRecord() {
  text_.clear();
  ends_.clear();
  quoted_ = false;
  state_ = State::kCellStart;
  record_line_ = line_;
  while (true) {
    if (next_ == buffer_.size()) FEDGE_RETURN_IF_ERROR(Refill());
    if (buffer_.empty()) break;
    const Step step = Take(buffer_[next_++]);
    if (step == Step::kRecord) return OkStatus();
    if (step == Step::kError) return std::move(error_);
  }
  if (state_ == State::kQuoted)
    return InvalidArgument("{}: a quote that opens in this record never closes", Where());
  if (!text_.empty() || !ends_.empty() || quoted_) EndCell();  // the last line has no line end
  return OkStatus();
}

CsvReader::Step CsvReader::Fail(std::uint64_t line, std::string_view problem) {
  error_ = InvalidArgument("{}:{}: {}", source_.name(), line, problem);
  return Step::kError;
}

CsvReader::Step CsvReader::Take(char c) {
  if (c == '\0') return Fail(line_, "holds a NUL byte; expected delimited text");
  if (text_.size() + ends_.size() > kMaxRecordBytes) {
    return Fail(record_line_, "a record of more than 16 MiB; is a quote or a line end missing?");
  }
  if (c == '\n') ++line_;
  if (c == '"') return TakeQuote();
  if (state_ != State::kQuoted) return TakeOutsideQuotes(c);
  text_.push_back(c);
  return Step::kMore;
}

CsvReader::Step CsvReader::TakeQuote() {
  switch (state_) {
    case State::kPlain:
      return Fail(line_, "a quote inside a cell that does not begin with one");
    case State::kClosed:
      return Fail(line_, "text after a closing quote");
    case State::kQuoted:
      state_ = State::kQuoteSeen;
      return Step::kMore;
    case State::kQuoteSeen:
      text_.push_back('"');
      break;
    case State::kCellStart:
      quoted_ = true;
      break;
  }
  state_ = State::kQuoted;
  return Step::kMore;
}

CsvReader::Step CsvReader::TakeOutsideQuotes(char c) {
  if (c == delimiter_ || c == '\n') {
    if (c == '\n' && state_ == State::kPlain && text_.back() == '\r') text_.pop_back();
    EndCell();
    return c == '\n' ? Step::kRecord : Step::kMore;
  }
  if (state_ == State::kQuoteSeen || state_ == State::kClosed) {
    state_ = State::kClosed;
    return c == '\r' || c == ' ' ? Step::kMore : Fail(line_, "text after a closing quote");
  }
  state_ = State::kPlain;
  text_.push_back(c);
  return Step::kMore;
}

void CsvReader::EndCell() {
  ends_.push_back(text_.size());
  state_ = State::kCellStart;
}

void CsvReader::CutCells() {
  cells_.clear();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    cells_.push_back(std::string_view(text_).substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace fedge::data
