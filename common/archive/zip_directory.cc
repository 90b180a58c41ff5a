#include "fedge/archive/zip_directory.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "fedge/archive/bytes.h"
#include "fedge/archive/record_name.h"
#include "fedge/common/hash.h"

namespace fedge::internal {
namespace {

using Bytes = std::span<const std::byte>;

// The most that deflate can expand: 258 bytes for two bits, less the rest of the block.
constexpr std::uint64_t kMaxDeflateRatio = 1032;
constexpr std::uint16_t kFlagsUnreadable =
    kFlagEncrypted | 0x0020 | 0x2040;  // encrypted, patched, masked headers

struct EndRecord {
  std::uint64_t num_entries = 0;
  std::uint64_t central_size = 0;
  std::uint64_t central_offset = 0;
  std::uint64_t begin = 0;  // of the first end record
};

// In the last bytes of a file, all that an end record with the longest comment can reach over.
std::optional<std::size_t> FindEnd(Bytes last) {
  if (last.size() < kEndSize) return std::nullopt;
  for (std::size_t at = last.size() - kEndSize + 1; at-- > 0;) {
    if (LoadLittle<std::uint32_t>(last, at) == kEndSignature &&
        LoadLittle<std::uint16_t>(last, at + 20) == last.size() - at - kEndSize) {
      return at;
    }
  }
  return std::nullopt;
}

// A field that is all ones stands for the ZIP64 record's; any other must agree with it.
bool Agrees(std::uint64_t narrow, std::uint64_t all_ones, std::uint64_t wide) {
  return narrow == all_ones || narrow == wide;
}

// `locator` is the locator's offset in the file, `at` where it says that the record is.
Status ReadZip64End(const FileBytes& file, std::uint64_t locator, std::uint64_t at,
                    EndRecord& end) {
  std::array<std::byte, kZip64EndSize> record{};
  const bool within = Within(at, kZip64EndSize, locator);
  if (within) FEDGE_RETURN_IF_ERROR(file.ReadAt(at, record));
  if (!within || LoadLittle<std::uint32_t>(record, 0) != kZip64EndSignature)
    return DataLoss("the zip64 end record is not at offset {}, where its locator says", at);
  const EndRecord wide{.num_entries = LoadLittle<std::uint64_t>(record, 32),
                       .central_size = LoadLittle<std::uint64_t>(record, 40),
                       .central_offset = LoadLittle<std::uint64_t>(record, 48),
                       .begin = at};
  if (!Agrees(end.num_entries, kMax16, wide.num_entries) ||
      !Agrees(end.central_size, kMax32, wide.central_size) ||
      !Agrees(end.central_offset, kMax32, wide.central_offset)) {
    return DataLoss("the end records at offsets {} and {} contradict each other", at, end.begin);
  }
  end = wide;
  return OkStatus();
}

Result<EndRecord> ReadEnd(const FileBytes& file) {
  const std::uint64_t reach =
      std::min<std::uint64_t>(file.size(), kZip64LocatorSize + kEndSize + kMax16);
  FEDGE_ASSIGN_OR_RETURN(const std::string text, file.Read(file.size() - reach, reach));
  const Bytes last = AsBytes(text);
  const auto at = FindEnd(last);
  if (!at.has_value()) {
    std::array<std::byte, 4> first{};
    if (file.size() >= first.size()) FEDGE_RETURN_IF_ERROR(file.ReadAt(0, first));
    if (LoadLittle<std::uint32_t>(first, 0) == kLocalHeaderSignature) {
      return DataLoss("has no directory at its end (offset {}): the file was cut off", file.size());
    }
    return InvalidArgument(
        "is not a TorchScript archive (no zip file); write it with torch.jit.save");
  }
  const std::uint64_t begin = file.size() - reach;  // of `last`
  EndRecord end{.num_entries = LoadLittle<std::uint16_t>(last, *at + 10),
                .central_size = LoadLittle<std::uint32_t>(last, *at + 12),
                .central_offset = LoadLittle<std::uint32_t>(last, *at + 16),
                .begin = begin + *at};
  const std::size_t locator = *at - std::min(*at, kZip64LocatorSize);
  if (*at >= kZip64LocatorSize &&
      LoadLittle<std::uint32_t>(last, locator) == kZip64LocatorSignature) {
    FEDGE_RETURN_IF_ERROR(
        ReadZip64End(file, begin + locator, LoadLittle<std::uint64_t>(last, locator + 8), end));
  }
  if (!Within(end.central_offset, end.central_size, end.begin)) {
    return DataLoss("the directory of {} bytes at offset {} runs past the end records at {}",
                    end.central_size, end.central_offset, end.begin);
  }
  if (end.num_entries > end.central_size / kCentralEntrySize) {
    return DataLoss("the directory at offset {} is too small for {} records", end.central_offset,
                    end.num_entries);
  }
  return end;
}

// Takes the 64-bit values of those fields that are all ones.
Status ReadZip64Extra(Bytes extra, ZipEntry& entry) {
  std::array<std::uint64_t*, 3> wanted = {&entry.size, &entry.stored_size, &entry.header_offset};
  bool complete = true;
  bool found = false;
  const bool well_formed = ForEachExtraField(extra, [&](std::uint16_t id, Bytes payload, Bytes) {
    if (id != kZip64ExtraId || found) return;
    found = true;
    for (std::uint64_t* field : wanted) {
      if (*field != kMax32) continue;
      if (payload.size() < 8) {
        complete = false;
        return;
      }
      *field = LoadLittle<std::uint64_t>(payload, 0);
      payload = payload.subspan(8);
    }
  });
  if (!well_formed || !complete) return DataLoss("its extra fields are malformed");
  return OkStatus();
}

Status CheckSizes(const ZipEntry& entry) {
  if ((entry.flags & kFlagsUnreadable) != 0) return InvalidArgument("it is encrypted");
  if (entry.method == kMethodStored) {
    if (entry.stored_size == entry.size) return OkStatus();
    return DataLoss("it is stored, yet its sizes differ: {} and {}", entry.stored_size, entry.size);
  }
  if (entry.method != kMethodDeflated) {
    return InvalidArgument("its compression method {} is neither stored nor deflated",
                           entry.method);
  }
  if (entry.size / kMaxDeflateRatio > entry.stored_size) {
    return DataLoss("{} deflated bytes can't hold {}", entry.stored_size, entry.size);
  }
  return OkStatus();
}

// Finds the data behind the local header.
Status ReadLocalHeader(const FileBytes& file, std::uint64_t central_offset, ZipEntry& entry) {
  const std::uint64_t at = entry.header_offset;
  if (!Within(at, kLocalHeaderSize, central_offset)) return DataLoss("there is no record header");
  FEDGE_ASSIGN_OR_RETURN(
      const std::string text,
      file.Read(at, std::min(kLocalHeaderSize + entry.name.size(), central_offset - at)));
  const Bytes header = AsBytes(text);
  if (LoadLittle<std::uint32_t>(header, 0) != kLocalHeaderSignature)
    return DataLoss("there is no record header");
  const std::size_t name_size = LoadLittle<std::uint16_t>(header, 26);
  const std::size_t extra_size = LoadLittle<std::uint16_t>(header, 28);
  if (!Within(at + kLocalHeaderSize, name_size + extra_size, central_offset) ||
      name_size != entry.name.size() || AsText(header.subspan(kLocalHeaderSize)) != entry.name) {
    return DataLoss("the record header does not have this name");
  }
  if (LoadLittle<std::uint16_t>(header, 8) != entry.method ||
      (LoadLittle<std::uint16_t>(header, 6) & kFlagsUnreadable) != 0) {
    return DataLoss("the record header contradicts the directory");
  }
  entry.data_offset = at + kLocalHeaderSize + name_size + extra_size;
  if (!Within(entry.data_offset, entry.stored_size, central_offset)) {
    return DataLoss("its {} bytes run past the directory at {}", entry.stored_size, central_offset);
  }
  return OkStatus();
}

// The entry at the start of `central`; its central view is what to skip.
Result<ZipEntry> ReadEntry(Bytes central) {
  if (central.size() < kCentralEntrySize ||
      LoadLittle<std::uint32_t>(central, 0) != kCentralEntrySignature) {
    return DataLoss("is no directory entry");
  }
  const std::size_t name_size = LoadLittle<std::uint16_t>(central, 28);
  const std::size_t extra_size = LoadLittle<std::uint16_t>(central, 30);
  const std::size_t comment_size = LoadLittle<std::uint16_t>(central, 32);
  const std::size_t size = kCentralEntrySize + name_size + extra_size + comment_size;
  if (size > central.size()) return DataLoss("runs past the directory");
  ZipEntry entry{.name = AsText(central.subspan(kCentralEntrySize, name_size)),
                 .flags = LoadLittle<std::uint16_t>(central, 8),
                 .method = LoadLittle<std::uint16_t>(central, 10),
                 .crc32 = LoadLittle<std::uint32_t>(central, 16),
                 .stored_size = LoadLittle<std::uint32_t>(central, 20),
                 .size = LoadLittle<std::uint32_t>(central, 24),
                 .header_offset = LoadLittle<std::uint32_t>(central, 42),
                 .data_offset = 0,
                 .central = central.first(size)};
  FEDGE_RETURN_IF_ERROR(
      ReadZip64Extra(central.subspan(kCentralEntrySize + name_size, extra_size), entry));
  return entry;
}

std::string Describe(const ZipEntry& entry) {
  return fmt::format("record '{}' at offset {}", PrintableName(entry.name), entry.header_offset);
}

// Records that share bytes or a name would make what is read depend on who reads.
Status CheckApart(const std::vector<ZipEntry>& entries) {
  std::vector<const ZipEntry*> order;
  order.reserve(entries.size());
  for (const ZipEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return a->header_offset < b->header_offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i - 1]->data_end() > order[i]->header_offset) {
      return DataLoss("{}: overlaps {}", Describe(*order[i - 1]), Describe(*order[i]));
    }
  }
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i - 1]->name == order[i]->name) {
      return InvalidArgument("{}: the name occurs a second time, at {}", Describe(*order[i - 1]),
                             order[i]->header_offset);
    }
  }
  return OkStatus();
}

}  // namespace

Result<ZipDirectory> ReadZipDirectory(const FileBytes& file) {
  FEDGE_ASSIGN_OR_RETURN(const EndRecord end, ReadEnd(file));
  FEDGE_ASSIGN_OR_RETURN(std::string text,
                         file.Read(end.central_offset, file.size() - end.central_offset));
  auto kept = std::make_unique<const std::string>(std::move(text));
  const Bytes bytes = AsBytes(*kept);
  ZipDirectory directory{.entries = {},
                         .central_offset = end.central_offset,
                         .tail = bytes.subspan(end.central_size),
                         .bytes = std::move(kept)};
  directory.entries.reserve(end.num_entries);
  Bytes central = bytes.first(end.central_size);
  for (std::uint64_t i = 0; i < end.num_entries; ++i) {
    auto entry = ReadEntry(central);
    if (!entry.ok()) {
      return std::move(entry).status().WithContext(
          fmt::format("directory entry {} at offset {}", i,
                      end.central_offset + end.central_size - central.size()));
    }
    central = central.subspan(entry->central.size());
    Status status = CheckRecordName(entry->name);
    if (status.ok()) status = CheckSizes(*entry);
    if (status.ok()) status = ReadLocalHeader(file, end.central_offset, *entry);
    if (!status.ok()) return status.WithContext(Describe(*entry));
    directory.entries.push_back(std::move(*entry));
  }
  if (!central.empty())
    return DataLoss("the directory at offset {} has {} bytes too many", end.central_offset,
                    central.size());
  FEDGE_RETURN_IF_ERROR(CheckApart(directory.entries));
  return directory;
}

}  // namespace fedge::internal
