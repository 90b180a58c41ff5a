#include "fedge/coordinator/update_validator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "fedge/common/hash.h"
#include "fedge/common/number_text.h"
#include "fedge/coordinator/float_bits.h"
#include "fedge/tensor/number.h"

namespace fedge {

template <typename... Args>
Status UpdateValidator::Refuse(RefusalCode code, fmt::format_string<Args...> format,
                               Args&&... args) {
  refusal_ = code;
  return InvalidArgument(format, std::forward<Args>(args)...);
}

Status UpdateValidator::Consume(std::span<const std::byte> bytes, std::uint32_t crc32) {
  if (bytes.size() > manifest_.payload_bytes - consumed_) {
    return Refuse(RefusalCode::kSize,
                  "the update is longer than the {} bytes of the model's payload",
                  manifest_.payload_bytes);
  }
  crc32_ = CombineCrc32(crc32_, crc32, bytes.size());
  while (!bytes.empty()) {
    std::uint64_t taken = bytes.size();
    if (entry_ < manifest_.entries.size()) {
      const ManifestEntry& entry = manifest_.entries[entry_];
      const std::uint64_t end = entry.payload_offset + entry.num_bytes();
      if (consumed_ < entry.payload_offset) {
        taken = std::min(taken, entry.payload_offset - consumed_);
      } else {
        taken = std::min(taken, end - consumed_);
        FEDGE_RETURN_IF_ERROR(
            ConsumeEntry(entry, consumed_ - entry.payload_offset, bytes.first(taken)));
        if (consumed_ + taken == end) ++entry_;
      }
    }
    consumed_ += taken;
    bytes = bytes.subspan(taken);
  }
  return OkStatus();
}

Status UpdateValidator::Finish(std::uint32_t crc32) {
  if (consumed_ < manifest_.payload_bytes) {
    return Refuse(RefusalCode::kSize, "the update ends after {} of {} bytes", consumed_,
                  manifest_.payload_bytes);
  }
  if (crc32 != crc32_) {
    refusal_ = RefusalCode::kChecksum;
    return DataLoss("the update's checksum is {:08x}; its bytes have {:08x}", crc32, crc32_);
  }
  if (!max_norm_) return OkStatus();
  const double norm = std::sqrt(squares_.Total());
  if (norm <= *max_norm_) return OkStatus();
  return Refuse(RefusalCode::kNorm, "the update's L2 norm is {:.6g}; at most {:g} is allowed", norm,
                *max_norm_);
}

Status UpdateValidator::ConsumeEntry(const ManifestEntry& entry, std::uint64_t offset,
                                     std::span<const std::byte> bytes) {
  switch (entry.rule) {
    case MergeRule::kAverageDelta:
      return ConsumeDelta(entry, offset, bytes);
    case MergeRule::kMustBeEqual:
      return CheckEqual(entry, offset, bytes);
    case MergeRule::kMaximum:
      return OkStatus();
  }
  return OkStatus();
}

Status UpdateValidator::ConsumeDelta(const ManifestEntry& entry, std::uint64_t offset,
                                     std::span<const std::byte> bytes) {
  const std::size_t width = DTypeSize(entry.dtype);
  std::uint64_t element = offset / width;
  if (const std::size_t have = offset % width; have != 0) {
    const std::size_t taken = std::min(width - have, bytes.size());
    std::memcpy(split_.data() + have, bytes.data(), taken);
    if (have + taken < width) return OkStatus();
    FEDGE_RETURN_IF_ERROR(CheckDelta(entry, element++, std::span(split_).first(width)));
    bytes = bytes.subspan(taken);
  }
  const std::size_t whole = bytes.size() / width * width;
  FEDGE_RETURN_IF_ERROR(CheckDelta(entry, element, bytes.first(whole)));
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end(), split_.begin());
  return OkStatus();
}

Status UpdateValidator::CheckDelta(const ManifestEntry& entry, std::uint64_t first_element,
                                   std::span<const std::byte> bytes) {
  const auto index = FirstAtLeast(entry.dtype, bytes, DeltaLimitBits(entry.dtype));
  if (!index) {
    if (max_norm_) squares_.Add(entry.dtype, first_element, bytes);
    return OkStatus();
  }
  const double value = NumberAt(entry.dtype, bytes, *index);
  return Refuse(std::isfinite(value) ? RefusalCode::kRange : RefusalCode::kNotFinite,
                "'{}' element {} of the update is {}; an update must be finite and within half of "
                "the range of {}",
                entry.tensor, first_element + *index, NumberText(value), DTypeName(entry.dtype));
}

Status UpdateValidator::CheckEqual(const ManifestEntry& entry, std::uint64_t offset,
                                   std::span<const std::byte> bytes) {
  std::array<std::byte, 4096> base;
  for (std::size_t done = 0; done < bytes.size(); done += base.size()) {
    const auto given = bytes.subspan(done, std::min(base.size(), bytes.size() - done));
    const auto expected = std::span(base).first(given.size());
    FEDGE_RETURN_IF_ERROR(base_.ReadStorage(entry.storage, offset + done, expected));
    const auto differs = std::mismatch(given.begin(), given.end(), expected.begin()).first;
    if (differs == given.end()) continue;
    const auto index = done + static_cast<std::size_t>(differs - given.begin());
    return Refuse(
        RefusalCode::kConstant,
        "'{}' element {} of the update differs from the base model's; {} tensors that are "
        "no counters must not change",
        entry.tensor, (offset + index) / DTypeSize(entry.dtype), DTypeName(entry.dtype));
  }
  return OkStatus();
}

}  // namespace fedge
