#include "fedge/program/wire_scan.h"

#include <cstdint>

namespace fedge::internal {
namespace {

// https://protobuf.dev/programming-guides/encoding/
enum WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5 };

bool Skip(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) return false;
  bytes.remove_prefix(size);
  return true;
}

bool ReadVarint(std::string_view& bytes, std::uint64_t& number) {
  number = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

}  // namespace

std::optional<std::size_t> CountFields(std::string_view bytes, int depth) {
  std::size_t count = 0;
  std::uint64_t number = 0;
  while (!bytes.empty()) {
    ++count;
    if (!ReadVarint(bytes, number)) return std::nullopt;
    const auto type = static_cast<WireType>(number & 7);
    bool ok = false;
    if (type == kVarint) {
      ok = ReadVarint(bytes, number);
    } else if (type == kFixed64) {
      ok = Skip(bytes, 8);
    } else if (type == kFixed32) {
      ok = Skip(bytes, 4);
    } else if (type == kDelimited && ReadVarint(bytes, number) && number <= bytes.size()) {
      if (depth > 1) {
        const auto inner = CountFields(bytes.substr(0, number), depth - 1);
        if (!inner.has_value()) return std::nullopt;
        count += *inner;
      }
      ok = Skip(bytes, number);
    }
    if (!ok) return std::nullopt;
  }
  return count;
}

}  // namespace fedge::internal
