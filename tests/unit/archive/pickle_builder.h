#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

// Pieces of a pickle, as torch writes them. Each leaves one value on the stack.
namespace fedge::testing::pickle {

inline std::string Little(std::uint64_t value, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes.push_back(static_cast<char>((value >> (8 * i)) & 255));
  return bytes;
}

// Not `+`: GCC 12 warns of overlaps that are none where a literal comes first.
inline std::string Joined(std::initializer_list<std::string_view> items) {
  std::string bytes;
  for (const std::string_view item : items) bytes += item;
  return bytes;
}
inline std::string Joined(std::initializer_list<std::string> items) {
  std::string bytes;
  for (const std::string& item : items) bytes += item;
  return bytes;
}

inline std::string Text(std::string_view text) {
  return Joined({std::string("X"), Little(text.size(), 4), std::string(text)});
}
inline std::string Int(std::int64_t value) {
  return Joined({std::string("\x8a\x08"), Little(static_cast<std::uint64_t>(value), 8)});
}
inline std::string Global(std::string_view module, std::string_view name) {
  return Joined(
      {std::string_view("c"), module, std::string_view("\n"), name, std::string_view("\n")});
}

inline std::string Bracketed(const char* begin, std::initializer_list<std::string> items,
                             const char* end) {
  return Joined({std::string(begin), Joined(items), std::string(end)});
}
inline std::string Tuple(std::initializer_list<std::string> items) {
  return Bracketed("(", items, "t");
}
inline std::string List(std::initializer_list<std::string> items) {
  return Bracketed("](", items, "e");
}
// Keys and values in turn.
inline std::string Dict(std::initializer_list<std::string> items) {
  return Bracketed("}(", items, "u");
}
inline std::string Call(std::string_view function, std::initializer_list<std::string> arguments) {
  return Joined({std::string(function), Tuple(arguments), std::string("R")});
}
inline std::string Object(std::string_view module, std::string_view name, std::string_view state) {
  return Joined({Global(module, name), std::string(")\x81"), std::string(state), std::string("b")});
}

inline std::string Storage(std::string_view type, std::string_view key, std::int64_t num_elements) {
  return Tuple({Text("storage"), Global("torch", type), Text(key), Text("cpu"), Int(num_elements)})
      .append("Q");
}

struct View {
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape = {};
  std::vector<std::int64_t> strides = {};
  bool requires_grad = false;
};

inline std::string Tensor(std::string_view storage, const View& view) {
  const auto numbers = [](const std::vector<std::int64_t>& values) {
    std::string bytes;
    for (const std::int64_t value : values) bytes += Int(value);
    return Tuple({bytes});
  };
  return Call(
      Global("torch._utils", "_rebuild_tensor_v2"),
      {std::string(storage), Int(view.offset), numbers(view.shape), numbers(view.strides),
       view.requires_grad ? "\x88" : "\x89", Call(Global("collections", "OrderedDict"), {})});
}

inline std::string Whole(std::string_view value) {
  return Joined({std::string_view("\x80\x02"), value, std::string_view(".")});
}

}  // namespace fedge::testing::pickle
