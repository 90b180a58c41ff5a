#include "fedge/coordinator/acknowledged_mark.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>

#include "fedge/common/hash.h"

namespace fedge {
namespace {

constexpr std::array<char, 8> kMagic = {'F', 'E', 'D', 'G', 'E', 'A', 'C', 'K'};
// Slots lie in sectors of their own: a torn write spoils one at most.
constexpr std::uint64_t kSlotBytes = 512;
constexpr std::uint64_t kNumSlots = 2;

// Three little-endian numbers behind the magic, and their checksum.
constexpr std::size_t kChecksumAt = 8 + 3 * 8;
using Slot = std::array<std::byte, kChecksumAt + 4>;

template <typename T>
void Put(T value, std::byte* to) {
  for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::byte>(value >> (8 * i));
}

template <typename T>
T Get(const std::byte* from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(from[i]) << (8 * i)));
  }
  return value;
}

std::uint32_t ChecksumOf(const Slot& slot) { return Crc32(std::span(slot).first(kChecksumAt)); }

Slot Encode(std::uint64_t generation, const Acknowledged& acknowledged) {
  Slot slot{};
  std::memcpy(slot.data(), kMagic.data(), kMagic.size());
  Put(generation, &slot[8]);
  Put(acknowledged.commits, &slot[16]);
  Put(acknowledged.orders, &slot[24]);
  Put(ChecksumOf(slot), &slot[kChecksumAt]);
  return slot;
}

bool IsWhole(const Slot& slot) {
  return std::memcmp(slot.data(), kMagic.data(), kMagic.size()) == 0 &&
         Get<std::uint32_t>(&slot[kChecksumAt]) == ChecksumOf(slot);
}

}  // namespace

Result<std::unique_ptr<AcknowledgedMark>> AcknowledgedMark::Open(FileSystem& files,
                                                                 const std::string& path) {
  const bool is_new = !files.Exists(path);
  FEDGE_ASSIGN_OR_RETURN(auto file, files.OpenForWrite(path));
  std::unique_ptr<AcknowledgedMark> mark(new AcknowledgedMark(std::move(file)));
  if (is_new) {
    // All of it at once, so that a later Sync has to write data only.
    FEDGE_RETURN_IF_ERROR(mark->file_->WriteAt(0, std::array<std::byte, kNumSlots * kSlotBytes>{}));
    FEDGE_RETURN_IF_ERROR(mark->file_->Sync());
    FEDGE_RETURN_IF_ERROR(files.SyncDirectory(std::filesystem::path(path).parent_path().string()));
  }
  FEDGE_RETURN_IF_ERROR(mark->Read());
  return mark;
}

Status AcknowledgedMark::Read() {
  FEDGE_ASSIGN_OR_RETURN(const std::uint64_t size, file_->Size());
  for (std::uint64_t i = 0; i < kNumSlots; ++i) {
    Slot slot{};
    if (size < i * kSlotBytes + slot.size()) continue;
    FEDGE_RETURN_IF_ERROR(file_->ReadAt(i * kSlotBytes, slot));
    const auto generation = Get<std::uint64_t>(&slot[8]);
    if (!IsWhole(slot) || generation <= generation_) continue;
    generation_ = generation;
    last_ = {.commits = Get<std::uint64_t>(&slot[16]), .orders = Get<std::uint64_t>(&slot[24])};
  }
  return OkStatus();
}

std::optional<Acknowledged> AcknowledgedMark::last() const {
  const std::lock_guard lock(mutex_);
  return generation_ == 0 ? std::nullopt : std::optional(last_);
}

Status AcknowledgedMark::Write(const Acknowledged& acknowledged) {
  const std::lock_guard lock(mutex_);
  const Slot slot = Encode(generation_ + 1, acknowledged);
  FEDGE_RETURN_IF_ERROR(file_->WriteAt((generation_ + 1) % kNumSlots * kSlotBytes, slot));
  ++generation_;
  last_ = acknowledged;
  return OkStatus();
}

Status AcknowledgedMark::Sync() { return file_->Sync(); }

}  // namespace fedge
