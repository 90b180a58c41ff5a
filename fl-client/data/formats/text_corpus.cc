#include "fedge/data/formats/text_corpus.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "fedge/common/check.h"
#include "fedge/data/formats/numbers.h"

namespace fedge::data {
namespace {

constexpr std::size_t kMaxSpeakerBytes = 80;

// One code point from the front of `text`, which it takes off; none if no valid UTF-8 is there (RFC
// 3629: no overlong forms, no surrogates).
std::optional<std::uint32_t> TakeCodePoint(std::string_view& text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return std::nullopt;
  std::uint32_t value = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
    return std::nullopt;
  text.remove_prefix(length);
  return value;
}

std::string EncodeUtf8(std::uint32_t value) {
  std::string out;
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | value >> 6);
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | value >> 12);
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | value >> 18);
    put(0x80 | (value >> 12 & 0x3F));
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  }
  return out;
}

// The speaker's name if the line is "NAME:".
std::optional<std::string_view> SpeakerName(std::string_view line) {
  line = Trim(line);
  if (line.size() < 2 || line.size() > kMaxSpeakerBytes || line.back() != ':') return std::nullopt;
  return line.substr(0, line.size() - 1);
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line =
      text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
  text.remove_prefix(line.size());
  return line;
}

}  // namespace

Encoding DetectEncoding(std::string_view text) {
  while (!text.empty()) {
    if (!TakeCodePoint(text)) return Encoding::kBytes;
  }
  return Encoding::kUtf8;
}

std::vector<std::uint32_t> DecodeCharacters(std::string_view text, Encoding encoding) {
  std::vector<std::uint32_t> values;
  values.reserve(text.size());
  if (encoding == Encoding::kBytes) {
    for (const char c : text) values.push_back(static_cast<unsigned char>(c));
    return values;
  }
  while (!text.empty()) {
    const std::optional<std::uint32_t> value = TakeCodePoint(text);
    FEDGE_CHECK(value.has_value());
    values.push_back(*value);
  }
  return values;
}

std::string CharacterName(std::uint32_t value, Encoding encoding) {
  if (value == '\n') return "\\n";
  if (value == '\r') return "\\r";
  if (value == '\t') return "\\t";
  if (value < 0x20 || value == 0x7F || (encoding == Encoding::kBytes && value >= 0x80)) {
    return fmt::format("0x{:02x}", value);
  }
  return EncodeUtf8(value);
}

std::vector<SpeakerText> SplitSpeakers(std::string_view text) {
  std::vector<SpeakerText> parts;
  std::map<std::string, std::size_t, std::less<>> index;
  std::string_view rest = text;
  bool after_blank = true;
  std::size_t current = 0;
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    const bool blank = Trim(line).empty();
    const auto name = after_blank && !blank ? SpeakerName(line) : std::nullopt;
    if (!blank && parts.empty() && !name) return {{.name = {}, .text = std::string(text)}};
    if (name) {
      const auto [entry, added] = index.try_emplace(std::string(*name), parts.size());
      if (added) parts.push_back({.name = std::string(*name), .text = {}});
      current = entry->second;
    } else if (!blank) {
      parts[current].text += line;
    }
    after_blank = blank;
  }
  return parts;
}

}  // namespace fedge::data
