#include "fedge/coordinator/spool.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace fedge {
namespace {

constexpr std::uint64_t kAlignment = 64;
// Disk space is claimed in steps of this size, so that small updates cost no system call each.
constexpr std::uint64_t kReserveStep = 4u << 20;
// Larger sizes and offsets do not fit the operating system's type.
constexpr std::uint64_t kMaxSegmentBytes = std::numeric_limits<std::int64_t>::max() / 2;
constexpr std::string_view kSuffix = ".segment";

constexpr std::uint64_t RoundUp(std::uint64_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

std::string FileName(RoundId round) { return fmt::format("{}{}", round, kSuffix); }

// The round of a segment's file name; nullopt for any other file.
std::optional<RoundId> RoundOf(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  RoundId round = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), round);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return round;
}

// One file of extents. Thread-safe.
class Segment {
 public:
  Segment(std::unique_ptr<WritableFile> file, std::uint64_t size)
      : file_(std::move(file)), next_(RoundUp(size)), reserved_(next_) {}

  WritableFile& file() { return *file_; }

  Result<std::uint64_t> Allocate(std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    if (size > kMaxSegmentBytes - next_) {
      return ResourceExhausted("no room for {} bytes in one segment", size);
    }
    const std::uint64_t room = RoundUp(size);
    if (auto it = released_.find(room); it != released_.end()) {
      const std::uint64_t offset = it->second.back();
      it->second.pop_back();
      if (it->second.empty()) released_.erase(it);
      released_bytes_ -= room;
      return offset;
    }
    if (next_ + room > reserved_) {
      const std::uint64_t needed = next_ + room - reserved_;
      std::uint64_t step = std::max(needed, kReserveStep);
      Status status = file_->Reserve(reserved_, step);
      if (status.code() == StatusCode::kResourceExhausted && step > needed) {
        step = needed;  // the last room of a disk is room
        status = file_->Reserve(reserved_, step);
      }
      FEDGE_RETURN_IF_ERROR(status);
      reserved_ += step;
    }
    return std::exchange(next_, next_ + room);
  }

  void Release(const Extent& extent) {
    const std::lock_guard lock(mutex_);
    released_[RoundUp(extent.size)].push_back(extent.offset);
    released_bytes_ += RoundUp(extent.size);
  }

  std::uint64_t allocated_bytes() const {
    const std::lock_guard lock(mutex_);
    return next_ - released_bytes_;
  }

  Status Sync(FileSystem& files, const std::string& folder) {
    const std::lock_guard lock(sync_mutex_);
    if (!sync_status_.ok()) return sync_status_;
    sync_status_ = file_->Sync();
    if (sync_status_.ok() && !entry_durable_) {
      sync_status_ = files.SyncDirectory(folder);
      entry_durable_ = sync_status_.ok();
    }
    return sync_status_;
  }

 private:
  const std::unique_ptr<WritableFile> file_;
  mutable std::mutex mutex_;
  std::uint64_t next_;      // where the next extent begins
  std::uint64_t reserved_;  // disk space is claimed up to here
  std::map<std::uint64_t, std::vector<std::uint64_t>> released_;  // offsets by room
  std::uint64_t released_bytes_ = 0;
  std::mutex sync_mutex_;
  bool entry_durable_ = false;
  Status sync_status_;
};

Status CheckRange(const Extent& extent, std::uint64_t offset, std::uint64_t size) {
  if (offset <= extent.size && size <= extent.size - offset) return OkStatus();
  return OutOfRange("spool: bytes {} to {} of an extent of {} bytes", offset, offset + size,
                    extent.size);
}

class FileSpool final : public Spool {
 public:
  FileSpool(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  Result<Extent> Allocate(RoundId round, std::uint64_t size) override {
    FEDGE_ASSIGN_OR_RETURN(const auto segment, FindOrOpen(round, /*create=*/true));
    const Result<std::uint64_t> offset = segment->Allocate(size);
    if (!offset.ok()) return offset.status().WithContext(Describe(round));
    return Extent{.segment = round, .offset = *offset, .size = size};
  }

  void Release(const Extent& extent) override {
    if (const auto segment = FindOrOpen(extent.segment, /*create=*/false); segment.ok())
      (*segment)->Release(extent);
  }

  Status Write(const Extent& extent, std::uint64_t offset,
               std::span<const std::byte> bytes) override {
    FEDGE_RETURN_IF_ERROR(CheckRange(extent, offset, bytes.size()));
    FEDGE_ASSIGN_OR_RETURN(const auto segment, FindOrOpen(extent.segment, /*create=*/false));
    return segment->file().WriteAt(extent.offset + offset, bytes);
  }

  Status Read(const Extent& extent, std::uint64_t offset, std::span<std::byte> out) override {
    FEDGE_RETURN_IF_ERROR(CheckRange(extent, offset, out.size()));
    FEDGE_ASSIGN_OR_RETURN(const auto segment, FindOrOpen(extent.segment, /*create=*/false));
    Status status = segment->file().ReadAt(extent.offset + offset, out);
    if (status.code() == StatusCode::kOutOfRange) return DataLoss("spool: {}", status.message());
    return status;
  }

  Result<std::unique_ptr<RandomAccessFile>> OpenSegment(RoundId round) override {
    return files_.OpenForRead(PathOf(round));
  }

  std::string SegmentName(RoundId round) const override { return FileName(round); }

  std::uint64_t allocated_bytes() const override {
    const std::shared_lock lock(mutex_);
    std::uint64_t bytes = 0;
    for (const auto& [round, segment] : segments_) bytes += segment->allocated_bytes();
    return bytes;
  }

  Status Sync(RoundId round) override {
    FEDGE_ASSIGN_OR_RETURN(const auto segment, FindOrOpen(round, /*create=*/false));
    return segment->Sync(files_, folder_);
  }

  Status Drop(RoundId round) override {
    const std::unique_lock lock(mutex_);
    segments_.erase(round);
    return files_.Remove(PathOf(round));
  }

  Status DropAllBut(RoundId round) override {
    const std::unique_lock lock(mutex_);
    FEDGE_ASSIGN_OR_RETURN(const auto names, files_.List(folder_));
    for (const std::string& name : names) {
      const std::optional<RoundId> found = RoundOf(name);
      if (!found || (round != 0 && *found == round)) continue;
      segments_.erase(*found);
      FEDGE_RETURN_IF_ERROR(files_.Remove(PathOf(*found)));
    }
    return OkStatus();
  }

 private:
  std::string PathOf(RoundId round) const { return folder_ + "/" + FileName(round); }
  static std::string Describe(RoundId round) {
    return fmt::format("spool: segment of round {}", round);
  }

  Result<std::shared_ptr<Segment>> FindOrOpen(RoundId round, bool create) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto it = segments_.find(round); it != segments_.end()) return it->second;
    }
    const std::unique_lock lock(mutex_);
    if (const auto it = segments_.find(round); it != segments_.end()) return it->second;
    const std::string path = PathOf(round);
    if (!create && !files_.Exists(path)) return NotFound("{}: is not there", Describe(round));
    FEDGE_ASSIGN_OR_RETURN(auto file, files_.OpenForWrite(path));
    FEDGE_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
    auto segment = std::make_shared<Segment>(std::move(file), size);
    segments_.emplace(round, segment);
    return segment;
  }

  FileSystem& files_;
  const std::string folder_;
  mutable std::shared_mutex mutex_;  // of the map, not of the segments
  std::map<RoundId, std::shared_ptr<Segment>> segments_;
};

}  // namespace

Result<std::unique_ptr<Spool>> Spool::Open(FileSystem& files, std::string folder) {
  FEDGE_RETURN_IF_ERROR(files.CreateDirectory(folder));
  const std::string parent = std::filesystem::path(folder).parent_path().string();
  FEDGE_RETURN_IF_ERROR(files.SyncDirectory(parent.empty() ? "." : parent));
  return std::unique_ptr<Spool>(std::make_unique<FileSpool>(files, std::move(folder)));
}

}  // namespace fedge
