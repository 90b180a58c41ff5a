#include "fedge/common/tar.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace fedge::tar {
namespace {

struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName = {0, 100};
constexpr Field kMode = {100, 8};
constexpr Field kOwner = {108, 8};
constexpr Field kGroup = {116, 8};
constexpr Field kSize = {124, 12};
constexpr Field kModified = {136, 12};
constexpr Field kChecksum = {148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic = {257, 8};
constexpr std::string_view kUstar("ustar\00000", 8);
constexpr std::string_view kGnu("ustar  \0", 8);
constexpr std::uint64_t kLargestOctalSize = (std::uint64_t{1} << 33) - 1;

void Put(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.offset, text.data(), std::min(text.size(), field.size));
}

std::string_view Get(std::span<const std::byte, kBlockBytes> block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.offset, field.size};
}

void PutOctal(Block& block, Field field, std::uint64_t value) {
  Put(block, field, fmt::format("{:0{}o}", value, field.size - 1));
}

// Base 256, most significant byte first, marked by the first bit.
void PutBinary(Block& block, Field field, std::uint64_t value) {
  for (std::size_t i = 0; i < sizeof(value); ++i) {
    block[field.offset + field.size - 1 - i] = static_cast<std::byte>(value >> (8 * i));
  }
  block[field.offset] = std::byte{0x80};
}

std::optional<std::uint64_t> GetNumber(std::span<const std::byte, kBlockBytes> block, Field field) {
  const auto bytes = block.subspan(field.offset, field.size);
  std::uint64_t value = 0;
  if (bytes[0] == std::byte{0x80}) {
    const auto digits = bytes.last(sizeof(value));
    const auto above = bytes.subspan(1, bytes.size() - 1 - sizeof(value));
    if (std::any_of(above.begin(), above.end(), [](std::byte b) { return b != std::byte{0}; }))
      return std::nullopt;
    for (const std::byte digit : digits) value = value << 8 | static_cast<std::uint64_t>(digit);
    return value;
  }
  std::string_view text = Get(block, field);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  const bool ended = end == text.data() + text.size() || *end == '\0' || *end == ' ';
  if (error != std::errc() || !ended) return std::nullopt;
  return value;
}

// The sum of all bytes, the checksum itself taken as blanks.
std::uint64_t Checksum(std::span<const std::byte, kBlockBytes> block) {
  std::uint64_t sum = kChecksum.size * ' ';
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    if (!own) sum += static_cast<std::uint64_t>(block[i]);
  }
  return sum;
}

}  // namespace

Result<Block> Header(const Entry& entry, TimePoint modified) {
  if (entry.name.empty() || entry.name.size() > kName.size)
    return InvalidArgument("'{}' is no name for an archive of at most {} bytes", entry.name,
                           kName.size);
  Block block{};
  Put(block, kName, entry.name);
  PutOctal(block, kMode, 0600);
  PutOctal(block, kOwner, 0);
  PutOctal(block, kGroup, 0);
  if (entry.size <= kLargestOctalSize) {
    PutOctal(block, kSize, entry.size);
  } else {
    PutBinary(block, kSize, entry.size);
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(modified.time_since_epoch()).count();
  PutOctal(block, kModified, static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds)));
  block[kType] = static_cast<std::byte>('0');
  Put(block, kMagic, kUstar);
  Put(block, kChecksum, fmt::format("{:06o}", Checksum(block)));
  block[kChecksum.offset + 7] = static_cast<std::byte>(' ');
  return block;
}

Result<std::optional<Entry>> ParseHeader(std::span<const std::byte, kBlockBytes> block) {
  if (std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; }))
    return std::optional<Entry>();
  const std::string_view magic = Get(block, kMagic);
  if (magic != kUstar && magic != kGnu) return InvalidArgument("this is no tar archive");
  if (GetNumber(block, kChecksum) != Checksum(block))
    return DataLoss("a header's checksum is wrong");
  const auto type = static_cast<char>(block[kType]);
  if (type != '0' && type != '\0')
    return InvalidArgument("an entry of type '{}' is no regular file", type);
  const auto size = GetNumber(block, kSize);
  if (!size) return DataLoss("a header's size is no number");
  const std::string_view name = Get(block, kName);
  return std::optional<Entry>(
      Entry{.name = std::string(name.substr(0, name.find('\0'))), .size = *size});
}

}  // namespace fedge::tar
