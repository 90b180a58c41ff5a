#include "fedge/cli/toml.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "fedge/cli/value.h"

namespace fedge::cli {
namespace {

bool IsBareKeyChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

using Path = std::vector<std::string>;

// A cursor over the text. Every Read function begins at its construct and leaves the cursor behind
// it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<TomlItem>> ReadDocument() {
    while (SkipToContent(), !AtEnd()) FEDGE_RETURN_IF_ERROR(ReadLine());
    return std::move(items_);
  }

 private:
  bool AtEnd() const { return position_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[position_]; }
  bool Take(char expected) {
    if (AtEnd() || Peek() != expected) return false;
    ++position_;
    return true;
  }
  Status Wrong(std::string_view what) const { return InvalidArgument("{}: {}", line_, what); }

  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') ++position_;
  }
  void SkipComment() {
    if (Peek() != '#') return;
    while (!AtEnd() && Peek() != '\n') ++position_;
  }
  // Over blanks, comments and ends of line.
  void SkipToContent() {
    for (;;) {
      SkipBlanks();
      SkipComment();
      Take('\r');
      if (!Take('\n')) return;
      ++line_;
    }
  }

  Status ReadLine() {
    if (Take('[')) {
      if (Peek() == '[') return Wrong("arrays of tables are not used here");
      FEDGE_ASSIGN_OR_RETURN(table_, ReadKey());
      if (!Take(']')) return Wrong("']' is missing after the name of a table");
      if (!tables_.insert(table_).second) return Wrong("this table is there twice");
    } else {
      FEDGE_RETURN_IF_ERROR(ReadItem());
    }
    SkipBlanks();
    SkipComment();
    Take('\r');
    if (!AtEnd() && Peek() != '\n') return Wrong("more text after the end of a value");
    return OkStatus();
  }

  Status ReadItem() {
    TomlItem item;
    item.line = line_;
    item.path = table_;
    FEDGE_ASSIGN_OR_RETURN(const Path key, ReadKey());
    item.path.insert(item.path.end(), key.begin(), key.end());
    if (!Take('=')) return Wrong(fmt::format("'=' is missing after '{}'", key.back()));
    SkipBlanks();
    if (Take('[')) {
      item.array = true;
      FEDGE_RETURN_IF_ERROR(ReadArray(item.values));
    } else if (Take('{')) {
      item.array = true;
      FEDGE_RETURN_IF_ERROR(ReadInlineTable(item.values));
    } else {
      FEDGE_ASSIGN_OR_RETURN(std::string value, ReadScalar());
      item.values.push_back(std::move(value));
    }
    if (!keys_.insert(item.path).second) {
      return InvalidArgument("{}: '{}' is there twice", item.line, key.back());
    }
    items_.push_back(std::move(item));
    return OkStatus();
  }

  // A dotted key, with the blanks around it.
  Result<Path> ReadKey() {
    Path path;
    do {
      SkipBlanks();
      std::string part;
      if (Peek() == '"' || Peek() == '\'') {
        FEDGE_ASSIGN_OR_RETURN(part, ReadString());
      } else {
        while (IsBareKeyChar(Peek())) part += text_[position_++];
        if (part.empty()) return Wrong("a key is missing; write key = value");
      }
      path.push_back(std::move(part));
      SkipBlanks();
    } while (Take('.'));
    return path;
  }

  Status ReadArray(std::vector<std::string>& values) {
    for (;;) {
      SkipToContent();
      if (Take(']')) return OkStatus();
      FEDGE_ASSIGN_OR_RETURN(std::string value, ReadScalar());
      values.push_back(std::move(value));
      SkipToContent();
      if (Take(',')) continue;
      if (Take(']')) return OkStatus();
      return Wrong("',' or ']' is missing in an array");
    }
  }

  Status ReadInlineTable(std::vector<std::string>& values) {
    SkipBlanks();
    if (Take('}')) return OkStatus();
    do {
      FEDGE_ASSIGN_OR_RETURN(const Path key, ReadKey());
      if (key.size() != 1 || !Take('=')) return Wrong("write an inline table as { key = value }");
      SkipBlanks();
      FEDGE_ASSIGN_OR_RETURN(const std::string value, ReadScalar());
      values.push_back(key.front() + "=" + value);
      SkipBlanks();
    } while (Take(','));
    return Take('}') ? OkStatus() : Wrong("'}' is missing after an inline table");
  }

  Result<std::string> ReadScalar() {
    if (Peek() == '"' || Peek() == '\'') return ReadString();
    std::string word;
    while (IsBareKeyChar(Peek()) || Peek() == '+' || Peek() == '.' || Peek() == ':') {
      word += text_[position_++];
    }
    if (word.empty()) return Wrong("a value is missing");
    if (word == "true" || word == "false" || ParseNumber(word).ok()) return word;
    return Wrong(fmt::format("{} is neither a number nor true or false; write a text as \"{}\"",
                             word, word));
  }

  Result<std::string> ReadString() {
    const char quote = text_[position_++];
    if (text_.substr(position_, 2) == std::string(2, quote)) {
      return Wrong("texts over several lines are not used here");
    }
    std::string out;
    while (!Take(quote)) {
      if (AtEnd() || Peek() == '\n') return Wrong("a closing quote is missing");
      const char c = text_[position_++];
      if (c == '\\' && quote == '"') {
        FEDGE_RETURN_IF_ERROR(ReadEscape(out));
      } else {
        out += c;
      }
    }
    return out;
  }

  Status ReadEscape(std::string& out) {
    constexpr std::string_view kNames = "btnfr\"\\";
    constexpr std::string_view kMeanings = "\b\t\n\f\r\"\\";
    const char c = Peek();
    if (!AtEnd()) ++position_;
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
      out += kMeanings[known];
      return OkStatus();
    }
    const std::size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0) return Wrong("unknown escape in a text; write \\\\ for a backslash");
    std::uint32_t code = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      constexpr std::string_view kHex = "0123456789abcdef0123456789ABCDEF";
      const std::size_t digit = AtEnd() ? std::string_view::npos : kHex.find(text_[position_]);
      if (digit == std::string_view::npos) return Wrong("an escape needs hexadecimal digits");
      code = code * 16 + static_cast<std::uint32_t>(digit % 16);
      ++position_;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return Wrong("no such character");
    AppendUtf8(code, out);
    return OkStatus();
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
  Path table_;
  std::set<Path> tables_;
  std::set<Path> keys_;
  std::vector<TomlItem> items_;
};

}  // namespace

Result<std::vector<TomlItem>> ParseToml(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Reader(text).ReadDocument();
}

std::string TomlQuote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace fedge::cli
