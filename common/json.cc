#include "fedge/common/json.h"

#include <cmath>
#include <cstddef>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace fedge {
namespace {

// The length of the well-formed UTF-8 character that `text` begins with (RFC 3629); 0 if there is
// none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool too_long = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F;
  const bool beyond = first == 0xF4 && byte(1) > 0x8F;
  return too_long || surrogate || beyond ? 0 : length;
}

std::string ToUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    out += length > 0 ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

// Collects scalars with their paths.
class MemberCollector : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, MemberCollector> {
 public:
  using Members = std::vector<std::pair<std::string, std::string>>;
  static constexpr std::size_t kMaxDepth = 32;

  // `max_path_bytes`: of all paths together, which repeat the names above every scalar.
  explicit MemberCollector(std::size_t max_path_bytes) : path_bytes_left_(max_path_bytes) {}

  bool Null() { return Add("null"); }
  bool Bool(bool value) { return Add(value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return Add(std::string(text, size));
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return Add(std::string(text, size));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    levels_.back().name.assign(text, size);
    return true;
  }
  bool StartObject() { return Open(false); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return !levels_.empty() && Open(true); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

  Members Take() { return std::move(members_); }

 private:
  struct Level {
    bool array;
    std::size_t index = 0;
    std::string name;
  };

  bool Open(bool array) {
    if (levels_.size() >= kMaxDepth) return false;
    levels_.push_back({array, 0, array ? "0" : ""});
    return true;
  }
  bool Close() {
    levels_.pop_back();
    Next();
    return true;
  }
  bool Add(std::string value) {
    if (levels_.empty()) return false;  // a scalar is no object
    std::string path;
    for (const Level& level : levels_) path += (path.empty() ? "" : ".") + level.name;
    if (path.size() > path_bytes_left_) return false;
    path_bytes_left_ -= path.size();
    members_.emplace_back(std::move(path), std::move(value));
    Next();
    return true;
  }
  void Next() {
    if (levels_.empty() || !levels_.back().array) return;
    levels_.back().name = std::to_string(++levels_.back().index);
  }

  std::size_t path_bytes_left_;
  std::vector<Level> levels_;
  Members members_;
};

constexpr std::size_t kMinPathBytes = 64u << 10;
constexpr std::size_t kPathBytesPerByte = 16;

}  // namespace

struct JsonWriter::Impl {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
};

JsonWriter::JsonWriter() : impl_(std::make_unique<Impl>()) {}
JsonWriter::JsonWriter(JsonWriter&&) noexcept = default;
JsonWriter& JsonWriter::operator=(JsonWriter&&) noexcept = default;
JsonWriter::~JsonWriter() = default;

JsonWriter& JsonWriter::BeginObject() { return impl_->writer.StartObject(), *this; }
JsonWriter& JsonWriter::EndObject() { return impl_->writer.EndObject(), *this; }
JsonWriter& JsonWriter::BeginArray() { return impl_->writer.StartArray(), *this; }
JsonWriter& JsonWriter::EndArray() { return impl_->writer.EndArray(), *this; }
JsonWriter& JsonWriter::Null() { return impl_->writer.Null(), *this; }
JsonWriter& JsonWriter::Value(bool value) { return impl_->writer.Bool(value), *this; }
JsonWriter& JsonWriter::Signed(std::int64_t number) { return impl_->writer.Int64(number), *this; }
JsonWriter& JsonWriter::Unsigned(std::uint64_t number) {
  return impl_->writer.Uint64(number), *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  const std::string text = ToUtf8(key);
  impl_->writer.Key(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return *this;
}

JsonWriter& JsonWriter::Value(std::string_view value) {
  const std::string text = ToUtf8(value);
  impl_->writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return *this;
}

JsonWriter& JsonWriter::Value(double number) {
  if (!std::isfinite(number)) return Null();
  impl_->writer.Double(number);
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  impl_->writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  return *this;
}

std::string JsonWriter::Take() {
  std::string text(impl_->buffer.GetString(), impl_->buffer.GetSize());
  *this = JsonWriter();
  return text;
}

Result<std::vector<std::pair<std::string, std::string>>> ParseJsonMembers(std::string_view json) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader reader;
  MemberCollector collector(kMinPathBytes + kPathBytesPerByte * json.size());
  constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseIterativeFlag;
  const rapidjson::ParseResult parsed = reader.Parse<kFlags>(stream, collector);
  if (parsed.IsError()) {
    const bool shape = parsed.Code() == rapidjson::kParseErrorTermination;
    return InvalidArgument("not a JSON object of depth {} or less at byte {}: {}",
                           MemberCollector::kMaxDepth, parsed.Offset(),
                           shape ? "wrong kind of value, or names too long for how often they apply"
                                 : rapidjson::GetParseError_En(parsed.Code()));
  }
  return collector.Take();
}

}  // namespace fedge
