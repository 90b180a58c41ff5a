#include "fedge/data/formats/idx.h"

#include <algorithm>
#include <array>
#include <limits>

namespace fedge::data {
namespace {

constexpr std::uint32_t kUnsignedBytes = 0x0800;

Result<std::uint32_t> ReadBigEndian(ByteSource& source, std::string_view what) {
  std::array<std::byte, 4> bytes{};
  FEDGE_RETURN_IF_ERROR(source.ReadExactly(bytes, what));
  std::uint32_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

}  // namespace

Result<IdxArray> ReadIdx(ByteSource& source, std::size_t num_dimensions) {
  FEDGE_ASSIGN_OR_RETURN(const std::uint32_t magic,
                         ReadBigEndian(source, "the 4-byte IDX magic number"));
  const auto expected = static_cast<std::uint32_t>(kUnsignedBytes | num_dimensions);
  if (magic != expected) {
    return InvalidArgument(
        "{}: begins with 0x{:08x}; expected 0x{:08x}: an IDX file of bytes with {} dimension{}",
        source.name(), magic, expected, num_dimensions, num_dimensions == 1 ? "" : "s");
  }
  IdxArray array;
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < num_dimensions; ++i) {
    FEDGE_ASSIGN_OR_RETURN(const std::uint32_t extent, ReadBigEndian(source, "the IDX header"));
    if (extent == 0)
      return InvalidArgument("{}: dimension {} is 0; expected at least 1", source.name(), i);
    if (count > std::numeric_limits<std::int64_t>::max() / extent) {
      return InvalidArgument("{}: the header claims more elements than any file can hold",
                             source.name());
    }
    count *= extent;
    array.shape.push_back(extent);
  }
  array.values.reserve(static_cast<std::size_t>(std::min(count, source.max_bytes_left())));
  FEDGE_RETURN_IF_ERROR(source.Append(
      count, fmt::format("the {} bytes that its header claims", count), array.values));
  FEDGE_ASSIGN_OR_RETURN(const bool at_end, source.AtEnd());
  if (!at_end) {
    return InvalidArgument("{}: goes on after the {} bytes that its header claims", source.name(),
                           source.offset());
  }
  return array;
}

}  // namespace fedge::data
