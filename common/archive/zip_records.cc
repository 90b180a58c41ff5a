#include "fedge/archive/zip_records.h"

#include <algorithm>
#include <array>

#include "fedge/archive/bytes.h"

namespace fedge::internal {
namespace {

constexpr std::uint16_t kPaddingId = 0x4246;  // "FB"
constexpr std::uint16_t kZip64Version = 45;

template <typename T>
void Put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<char>((value >> (8 * i)) & 255));
}

template <typename T>
void PutAt(std::string& out, std::size_t offset, T value) {
  StoreLittle<T>(std::as_writable_bytes(std::span(out)), offset, value);
}

bool NeedsZip64(std::uint64_t value) { return value >= kMax32; }
std::uint32_t Narrow(std::uint64_t value) {
  return NeedsZip64(value) ? kMax32 : static_cast<std::uint32_t>(value);
}

// The padding field after which data begin at a multiple of `alignment`; `end` is where they would
// without it.
std::string Padding(std::uint64_t end, std::uint64_t alignment) {
  const std::uint64_t begin = end + 4;
  const std::uint64_t size = (alignment - begin % alignment) % alignment;
  std::string field;
  Put(field, kPaddingId);
  Put(field, static_cast<std::uint16_t>(size));
  field.append(size, 'Z');
  return field;
}

// The fields but those of one id, as far as they leave room for another field of ours in the 16
// bits of their length.
std::string ExtraWithout(std::span<const std::byte> extra, std::uint16_t dropped) {
  constexpr std::size_t kMaxKept = 65'000;
  std::string kept;
  ForEachExtraField(extra, [&](std::uint16_t id, auto, std::span<const std::byte> whole) {
    if (id != dropped && kept.size() + whole.size() <= kMaxKept) kept += AsText(whole);
  });
  return kept;
}

// The ZIP64 field of those values that their own fields can't hold; empty if all can.
std::string Zip64Extra(std::span<const std::uint64_t> values) {
  std::string payload;
  for (const std::uint64_t value : values) {
    if (NeedsZip64(value)) Put(payload, value);
  }
  if (payload.empty()) return payload;
  std::string field;
  Put(field, kZip64ExtraId);
  Put(field, static_cast<std::uint16_t>(payload.size()));
  return field + payload;
}

struct CentralSizes {
  std::uint64_t size;
  std::uint64_t stored_size;
  std::uint64_t header_offset;
};

// `fixed` is the first 46 bytes of an entry.
std::string AssembleCentralEntry(std::string fixed, std::string_view name, std::string extra,
                                 std::string_view comment, const CentralSizes& sizes) {
  const std::string zip64 =
      Zip64Extra(std::array{sizes.size, sizes.stored_size, sizes.header_offset});
  extra = zip64 + extra;
  PutAt(fixed, 20, Narrow(sizes.stored_size));
  PutAt(fixed, 24, Narrow(sizes.size));
  PutAt(fixed, 28, static_cast<std::uint16_t>(name.size()));
  PutAt(fixed, 30, static_cast<std::uint16_t>(extra.size()));
  PutAt(fixed, 32, static_cast<std::uint16_t>(comment.size()));
  PutAt(fixed, 42, Narrow(sizes.header_offset));
  return fixed.append(name).append(extra).append(comment);
}

std::uint64_t InflatedSize(const NewRecord& record) {
  return record.inflated_size.value_or(record.size);
}

}  // namespace

std::string NewLocalHeader(const NewRecord& record, std::uint64_t alignment) {
  std::string header;
  Put(header, kLocalHeaderSignature);
  Put(header, NeedsZip64(InflatedSize(record)) ? kZip64Version : std::uint16_t{0});
  Put(header, static_cast<std::uint16_t>(kFlagUtf8 | kFlagDescriptor));
  Put(header, record.inflated_size ? kMethodDeflated : kMethodStored);
  Put(header, record.like.empty() ? std::uint32_t{0} : LoadLittle<std::uint32_t>(record.like, 12));
  header.append(12, '\0');  // CRC and sizes
  Put(header, static_cast<std::uint16_t>(record.name.size()));
  Put(header, std::uint16_t{0});
  header += record.name;
  std::string extra;
  if (NeedsZip64(InflatedSize(record))) {  // says that the descriptor's sizes have 8 bytes
    PutAt(header, 18, kMax32);
    PutAt(header, 22, kMax32);
    extra = Zip64Extra(std::array{InflatedSize(record), record.size});
  }
  extra += Padding(record.header_offset + header.size() + extra.size(), alignment);
  PutAt(header, 28, static_cast<std::uint16_t>(extra.size()));
  return header + extra;
}

std::string NewDescriptor(const NewRecord& record) {
  std::string descriptor;
  Put(descriptor, kDescriptorSignature);
  Put(descriptor, std::uint32_t{0});
  for (const std::uint64_t size : {record.size, InflatedSize(record)}) {
    if (NeedsZip64(InflatedSize(record))) {
      Put(descriptor, size);
    } else {
      Put(descriptor, static_cast<std::uint32_t>(size));
    }
  }
  return descriptor;
}

std::string NewCentralEntry(const NewRecord& record) {
  std::string fixed(kCentralEntrySize, '\0');
  std::string extra;
  if (!record.like.empty()) {
    fixed = std::string(AsText(record.like.first(kCentralEntrySize)));
    const std::size_t name_size = LoadLittle<std::uint16_t>(record.like, 28);
    const std::size_t extra_size = LoadLittle<std::uint16_t>(record.like, 30);
    extra =
        ExtraWithout(record.like.subspan(kCentralEntrySize + name_size, extra_size), kZip64ExtraId);
  }
  PutAt(fixed, 0, kCentralEntrySignature);
  PutAt(fixed, 6, NeedsZip64(InflatedSize(record)) ? kZip64Version : std::uint16_t{0});
  PutAt(fixed, 8, static_cast<std::uint16_t>(kFlagUtf8 | kFlagDescriptor));
  PutAt(fixed, 10, record.inflated_size ? kMethodDeflated : kMethodStored);
  PutAt(fixed, 16, std::uint32_t{0});
  return AssembleCentralEntry(std::move(fixed), record.name, std::move(extra), {},
                              {InflatedSize(record), record.size, record.header_offset});
}

CentralEntry MoveCentralEntry(const ZipEntry& entry, std::uint64_t header_offset) {
  if (header_offset == entry.header_offset)
    return {.bytes = std::string(AsText(entry.central)), .crc_of = {}};
  const std::size_t name_end = kCentralEntrySize + entry.name.size();
  const std::size_t extra_size = LoadLittle<std::uint16_t>(entry.central, 30);
  return {.bytes = AssembleCentralEntry(
              std::string(AsText(entry.central.first(kCentralEntrySize))), entry.name,
              ExtraWithout(entry.central.subspan(name_end, extra_size), kZip64ExtraId),
              AsText(entry.central.subspan(name_end + extra_size)),
              {entry.size, entry.stored_size, header_offset}),
          .crc_of = {}};
}

std::string PadHeader(std::span<const std::byte> header, std::uint64_t header_offset,
                      std::uint64_t alignment) {
  const std::size_t name_end = kLocalHeaderSize + LoadLittle<std::uint16_t>(header, 26);
  std::string padded(AsText(header.first(name_end)));
  std::string extra = ExtraWithout(header.subspan(name_end), kPaddingId);
  extra += Padding(header_offset + padded.size() + extra.size(), alignment);
  PutAt(padded, 28, static_cast<std::uint16_t>(extra.size()));
  return padded + extra;
}

std::optional<std::size_t> DescriptorCrcOffset(std::string_view header, std::string_view trailer) {
  const auto flags = LoadLittle<std::uint16_t>(std::as_bytes(std::span(header)), 6);
  const auto bytes = std::as_bytes(std::span(trailer));
  if ((flags & kFlagDescriptor) == 0) return std::nullopt;
  if (bytes.size() >= 16 && LoadLittle<std::uint32_t>(bytes, 0) == kDescriptorSignature)
    return kDescriptorCrcOffset;
  return bytes.size() >= 12 ? std::optional<std::size_t>(0) : std::nullopt;
}

std::string NewEnd(const DirectoryExtent& directory, std::span<const std::byte> tail) {
  const bool had_zip64 =
      tail.size() >= kZip64EndSize && LoadLittle<std::uint32_t>(tail, 0) == kZip64EndSignature;
  const bool zip64 = had_zip64 || directory.num_entries >= kMax16 || NeedsZip64(directory.size) ||
                     NeedsZip64(directory.offset);
  std::string end;
  if (zip64) {
    Put(end, kZip64EndSignature);
    Put(end, std::uint64_t{kZip64EndSize - 12});
    Put(end, had_zip64 ? LoadLittle<std::uint16_t>(tail, 12) : kZip64Version);
    Put(end, had_zip64 ? LoadLittle<std::uint16_t>(tail, 14) : kZip64Version);
    Put(end, std::uint64_t{0});  // disks
    Put(end, directory.num_entries);
    Put(end, directory.num_entries);
    Put(end, directory.size);
    Put(end, directory.offset);
    Put(end, kZip64LocatorSignature);
    Put(end, std::uint32_t{0});
    Put(end, directory.offset + directory.size);
    Put(end, std::uint32_t{1});
  }
  const auto count =
      static_cast<std::uint16_t>(std::min<std::uint64_t>(directory.num_entries, kMax16));
  Put(end, kEndSignature);
  Put(end, std::uint32_t{0});  // disks
  Put(end, count);
  Put(end, count);
  Put(end, Narrow(directory.size));
  Put(end, Narrow(directory.offset));
  Put(end, std::uint16_t{0});  // comment
  return end;
}

}  // namespace fedge::internal
