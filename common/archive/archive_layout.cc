#include "fedge/archive/archive_layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "fedge/archive/bytes.h"
#include "fedge/archive/zip_records.h"
#include "fedge/common/hash.h"

namespace fedge::internal {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kMaxDescriptor = 24;

class Planner {
 public:
  explicit Planner(const LayoutRequest& request) : request_(request), file_(request.file) {}

  Result<std::vector<Piece>> Plan() {
    const auto& entries = request_.directory.entries;
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return entries[a].header_offset < entries[b].header_offset;
    });
    central_.resize(entries.size());
    if (!order.empty()) Copy(0, entries[order[0]].header_offset);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool last = i + 1 == order.size();
      FEDGE_RETURN_IF_ERROR(Place(order[i], last ? request_.directory.central_offset
                                                 : entries[order[i + 1]].header_offset));
    }
    for (const AddedRecord& added : request_.added) Add(added);
    AddDirectory();
    return std::move(pieces_);
  }

 private:
  // Record `index`, whose bytes in the base reach to `end`, its descriptor included.
  Status Place(std::size_t index, std::uint64_t end) {
    const ZipEntry& entry = request_.directory.entries[index];
    const RecordChange& change = request_.changes[index];
    switch (change.kind) {
      case RecordChange::Kind::kDrop:
        return OkStatus();
      case RecordChange::Kind::kKeep:
        return Keep(index, entry, end);
      case RecordChange::Kind::kReplace: {
        const bool same_place = cursor_ == entry.header_offset && entry.method == kMethodStored &&
                                entry.size == request_.payloads[change.payload].size &&
                                !request_.payloads[change.payload].inflated &&
                                entry.data_offset % kAlignment == 0;
        if (same_place) return Overwrite(index, entry, end);
        Rewrite(index, entry);
        return OkStatus();
      }
    }
    return OkStatus();
  }

  Status Keep(std::size_t index, const ZipEntry& entry, std::uint64_t end) {
    const std::uint64_t header_offset = cursor_;
    if (cursor_ == entry.header_offset || entry.data_offset % kAlignment != 0) {
      Copy(entry.header_offset, end);
    } else {
      FEDGE_ASSIGN_OR_RETURN(const std::string header, Header(entry));
      Append(PadHeader(AsBytes(header), cursor_, kAlignment), {});
      Copy(entry.data_offset, end);
    }
    central_[index] = MoveCentralEntry(entry, header_offset);
    return OkStatus();
  }

  Result<std::string> Header(const ZipEntry& entry) const {
    return file_.Read(entry.header_offset, entry.data_offset - entry.header_offset);
  }

  // New content of the same size in the same place.
  Status Overwrite(std::size_t index, const ZipEntry& entry, std::uint64_t end) {
    const std::size_t payload = request_.changes[index].payload;
    FEDGE_ASSIGN_OR_RETURN(std::string header, Header(entry));
    const std::uint64_t trailer_end = std::min(end, entry.data_end() + kMaxDescriptor);
    FEDGE_ASSIGN_OR_RETURN(std::string trailer,
                           file_.Read(entry.data_end(), trailer_end - entry.data_end()));
    const auto descriptor = DescriptorCrcOffset(header, trailer);
    // A writer that knew the CRC in time put it into the header as well.
    const bool in_header =
        !descriptor.has_value() || header.substr(kLocalCrcOffset, 4) != std::string(4, '\0');
    Append(std::move(header),
           in_header ? std::vector<CrcPatch>{{payload, kLocalCrcOffset}} : std::vector<CrcPatch>{});
    AppendPayload(payload);
    Append(std::move(trailer), descriptor.has_value()
                                   ? std::vector<CrcPatch>{{payload, *descriptor}}
                                   : std::vector<CrcPatch>{});
    Copy(trailer_end, end);
    central_[index] = {.bytes = std::string(AsText(entry.central)), .crc_of = payload};
    return OkStatus();
  }

  // New content in a record of its own making, with the name and attributes of the base's.
  void Rewrite(std::size_t index, const ZipEntry& entry) {
    const std::size_t payload = request_.changes[index].payload;
    const NewRecord record{.name = std::string(entry.name),
                           .size = request_.payloads[payload].size,
                           .inflated_size = InflatedSize(payload),
                           .header_offset = cursor_,
                           .like = entry.central};
    AppendRecord(record, payload);
    central_[index] = {.bytes = NewCentralEntry(record), .crc_of = payload};
  }

  void Add(const AddedRecord& added) {
    const NewRecord record{.name = added.name,
                           .size = request_.payloads[added.payload].size,
                           .inflated_size = InflatedSize(added.payload),
                           .header_offset = cursor_,
                           .like = {}};
    AppendRecord(record, added.payload);
    central_.push_back({.bytes = NewCentralEntry(record), .crc_of = added.payload});
  }

  std::optional<std::uint64_t> InflatedSize(std::size_t payload) const {
    const auto& inflated = request_.payloads[payload].inflated;
    return inflated ? std::optional(inflated->size) : std::nullopt;
  }

  void AppendRecord(const NewRecord& record, std::size_t payload) {
    Append(NewLocalHeader(record, kAlignment), {});
    AppendPayload(payload);
    Append(NewDescriptor(record), {{payload, kDescriptorCrcOffset}});
  }

  void AddDirectory() {
    const std::uint64_t begin = cursor_;
    std::string directory;
    std::vector<CrcPatch> patches;
    std::uint64_t count = 0;
    for (const CentralEntry& entry : central_) {
      if (entry.bytes.empty()) continue;
      if (entry.crc_of.has_value())
        patches.push_back({*entry.crc_of, directory.size() + kCentralCrcOffset});
      directory += entry.bytes;
      ++count;
    }
    const std::uint64_t size = directory.size();
    Append(std::move(directory), std::move(patches));
    const ZipDirectory& base = request_.directory;
    const bool same = count == base.entries.size() && begin == base.central_offset &&
                      cursor_ == file_.size() - base.tail.size();
    Append(same ? std::string(AsText(base.tail)) : NewEnd({count, size, begin}, base.tail), {});
  }

  void Copy(std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return;
    Piece* last = pieces_.empty() ? nullptr : &pieces_.back();
    if (last != nullptr && last->source == Piece::Source::kBase &&
        last->base_offset + last->size == begin) {
      last->size += end - begin;
    } else {
      pieces_.push_back({.source = Piece::Source::kBase,
                         .offset = cursor_,
                         .size = end - begin,
                         .base_offset = begin,
                         .bytes = {},
                         .patches = {}});
    }
    cursor_ += end - begin;
  }

  void Append(std::string bytes, std::vector<CrcPatch> patches) {
    if (bytes.empty()) return;
    const std::uint64_t size = bytes.size();
    pieces_.push_back({.source = Piece::Source::kBytes,
                       .offset = cursor_,
                       .size = size,
                       .base_offset = 0,
                       .bytes = std::move(bytes),
                       .patches = std::move(patches)});
    cursor_ += size;
  }

  void AppendPayload(std::size_t payload) {
    const std::uint64_t size = request_.payloads[payload].size;
    pieces_.push_back({.source = Piece::Source::kPayload,
                       .offset = cursor_,
                       .size = size,
                       .base_offset = 0,
                       .bytes = {},
                       .patches = {},
                       .payload = payload});
    cursor_ += size;
  }

  const LayoutRequest& request_;
  const FileBytes& file_;
  std::uint64_t cursor_ = 0;
  std::vector<Piece> pieces_;
  std::vector<CentralEntry> central_;  // of the base's entries, then of the added; empty if dropped
};

}  // namespace

Result<std::vector<Piece>> PlanLayout(const LayoutRequest& request) {
  return Planner(request).Plan();
}

}  // namespace fedge::internal
