#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libdeflate.h>

#include "fedge/common/hash.h"

namespace fedge::testing {

// A record of a zip file, right unless something is overridden.
struct ZipRecord {
  std::string name;
  std::string content;
  bool deflate = false;
  std::uint16_t flags = 0;
  std::uint16_t method_offset = 0;  // added to the method in both headers
  std::optional<std::string> local_name = {};
  std::optional<std::uint32_t> crc32 = {};
  std::optional<std::uint32_t> size = {};
  std::optional<std::uint32_t> stored_size = {};
  std::optional<std::uint32_t> header_offset = {};
  bool zip64 = false;  // sizes and offset in a ZIP64 extra field of the directory entry
};

struct ZipOptions {
  bool zip64_end = false;
  std::string comment = {};
  std::int32_t num_entries_offset = 0;     // added to the number of entries
  std::int64_t central_offset_offset = 0;  // added to the offset of the directory
};

template <typename T>
void PutLittle(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<char>((value >> (8 * i)) & 255));
}

inline std::string Deflate(std::string_view content) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(9), &libdeflate_free_compressor);
  std::string out(libdeflate_deflate_compress_bound(compressor.get(), content.size()), '\0');
  out.resize(libdeflate_deflate_compress(compressor.get(), content.data(), content.size(),
                                         out.data(), out.size()));
  return out;
}

// A zip file as a general tool writes it: sizes and CRC in both headers, no alignment.
inline std::string BuildZip(const std::vector<ZipRecord>& records, const ZipOptions& options = {}) {
  std::string file;
  std::string central;
  for (const ZipRecord& record : records) {
    const std::string stored = record.deflate ? Deflate(record.content) : record.content;
    const auto method = static_cast<std::uint16_t>((record.deflate ? 8 : 0) + record.method_offset);
    const std::uint32_t crc = record.crc32.value_or(Crc32(AsBytes(record.content)));
    const std::uint32_t stored_size =
        record.stored_size.value_or(static_cast<std::uint32_t>(stored.size()));
    const std::uint32_t size =
        record.size.value_or(static_cast<std::uint32_t>(record.content.size()));
    const std::uint32_t offset =
        record.header_offset.value_or(static_cast<std::uint32_t>(file.size()));
    const std::string local_name = record.local_name.value_or(record.name);
    const auto put_common = [&](std::string& out) {
      PutLittle<std::uint16_t>(out, record.zip64 ? 45 : 20);
      PutLittle<std::uint16_t>(out, record.flags);
      PutLittle<std::uint16_t>(out, method);
      PutLittle<std::uint32_t>(out, 0x52210000);  // a time and date
      PutLittle<std::uint32_t>(out, crc);
    };
    PutLittle<std::uint32_t>(file, 0x04034b50);
    put_common(file);
    PutLittle(file, stored_size);
    PutLittle(file, size);
    PutLittle<std::uint16_t>(file, static_cast<std::uint16_t>(local_name.size()));
    PutLittle<std::uint16_t>(file, 0);
    file += local_name + stored;

    std::string extra;
    if (record.zip64) {
      PutLittle<std::uint16_t>(extra, 1);
      PutLittle<std::uint16_t>(extra, 24);
      for (const std::uint64_t value : {size, stored_size, offset}) PutLittle(extra, value);
    }
    PutLittle<std::uint32_t>(central, 0x02014b50);
    PutLittle<std::uint16_t>(central, 20);
    put_common(central);
    PutLittle<std::uint32_t>(central, record.zip64 ? 0xffffffff : stored_size);
    PutLittle<std::uint32_t>(central, record.zip64 ? 0xffffffff : size);
    PutLittle<std::uint16_t>(central, static_cast<std::uint16_t>(record.name.size()));
    PutLittle<std::uint16_t>(central, static_cast<std::uint16_t>(extra.size()));
    central.append(10, '\0');
    PutLittle<std::uint32_t>(central, record.zip64 ? 0xffffffff : offset);
    central += record.name + extra;
  }
  const auto count = static_cast<std::uint64_t>(static_cast<std::int64_t>(records.size()) +
                                                options.num_entries_offset);
  const auto begin = static_cast<std::uint64_t>(static_cast<std::int64_t>(file.size()) +
                                                options.central_offset_offset);
  file += central;
  const std::uint64_t zip64_at = file.size();
  if (options.zip64_end) {
    PutLittle<std::uint32_t>(file, 0x06064b50);
    PutLittle<std::uint64_t>(file, 44);
    PutLittle<std::uint32_t>(file, 0x002d002d);
    file.append(8, '\0');
    for (const std::uint64_t value : {count, count, std::uint64_t{central.size()}, begin})
      PutLittle(file, value);
    PutLittle<std::uint32_t>(file, 0x07064b50);
    PutLittle<std::uint32_t>(file, 0);
    PutLittle(file, zip64_at);
    PutLittle<std::uint32_t>(file, 1);
  }
  PutLittle<std::uint32_t>(file, 0x06054b50);
  file.append(4, '\0');
  for (int i = 0; i < 2; ++i) {
    PutLittle<std::uint16_t>(file, options.zip64_end ? 0xffff : static_cast<std::uint16_t>(count));
  }
  PutLittle<std::uint32_t>(
      file, options.zip64_end ? 0xffffffff : static_cast<std::uint32_t>(central.size()));
  PutLittle<std::uint32_t>(file,
                           options.zip64_end ? 0xffffffff : static_cast<std::uint32_t>(begin));
  PutLittle<std::uint16_t>(file, static_cast<std::uint16_t>(options.comment.size()));
  return file + options.comment;
}

}  // namespace fedge::testing
