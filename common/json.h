#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fedge/common/result.h"

namespace fedge {

// Writes one JSON value on one line. Numbers are numbers; NaN and infinities, which JSON has not,
// are null; bytes that are not UTF-8 become U+FFFD. The caller keeps the order: a key before each
// value of an object. Thread-compatible.
class JsonWriter {
 public:
  JsonWriter();
  JsonWriter(JsonWriter&&) noexcept;
  JsonWriter& operator=(JsonWriter&&) noexcept;
  ~JsonWriter();

  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);

  JsonWriter& Value(std::string_view text);
  JsonWriter& Value(const char* text) { return Value(std::string_view(text)); }
  JsonWriter& Value(double number);
  JsonWriter& Value(bool value);
  template <std::signed_integral Integer>
  JsonWriter& Value(Integer number) {
    return Signed(number);
  }
  template <std::unsigned_integral Integer>
  JsonWriter& Value(Integer number) {
    return Unsigned(number);
  }
  JsonWriter& Null();
  template <typename T>
  JsonWriter& Value(const std::optional<T>& value) {
    return value.has_value() ? Value(*value) : Null();
  }
  // A text that is JSON already, as it stands (see ParseJsonMembers).
  JsonWriter& Raw(std::string_view json);

  template <typename T>
  JsonWriter& Member(std::string_view key, const T& value) {
    return Key(key).Value(value);
  }

  // What was written, complete; begins anew afterwards.
  std::string Take();

 private:
  struct Impl;
  JsonWriter& Signed(std::int64_t number);
  JsonWriter& Unsigned(std::uint64_t number);
  std::unique_ptr<Impl> impl_;
};

// The scalars of a JSON object in their order, nested names joined with '.', array elements by
// index: {"a":{"b":[1]}} gives {"a.b.0", "1"}. kInvalidArgument with the offset for what is no JSON
// object, is nested deeper than 32, has bytes behind it, or has such long names above so many
// scalars that the result would be many times as large as the text.
Result<std::vector<std::pair<std::string, std::string>>> ParseJsonMembers(std::string_view json);

}  // namespace fedge
