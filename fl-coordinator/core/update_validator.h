#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/hash.h"
#include "fedge/common/status.h"
#include "fedge/coordinator/refusal.h"
#include "fedge/coordinator/square_sum.h"

namespace fedge {

// Checks an update's payload as it streams in: its size; every floating-point element finite and
// below half of its dtype's range (float64: 2^960), so that no client alone can make the average
// overflow; storages that must be equal to the base's equal; the L2 norm of all averaged elements
// together, if it is limited. Thread-compatible.
class UpdateValidator {
 public:
  // Both outlive the validator.
  UpdateValidator(const Archive& base, const Manifest& manifest,
                  std::optional<double> max_norm = std::nullopt)
      : base_(base), manifest_(manifest), max_norm_(max_norm) {}

  // The next bytes, in order, however they are cut. kInvalidArgument names tensor and element; the
  // validator is of no use afterwards.
  Status Consume(std::span<const std::byte> bytes) { return Consume(bytes, Crc32(bytes)); }
  // The same, with the CRC-32 of these bytes if it is known already.
  Status Consume(std::span<const std::byte> bytes, std::uint32_t crc32);
  // kInvalidArgument if bytes are missing or the norm is above its limit; kDataLoss if the checksum
  // of all bytes is not `crc32`.
  Status Finish(std::uint32_t crc32);
  std::uint64_t consumed() const { return consumed_; }
  // Of what Consume or Finish refused.
  RefusalCode refusal() const { return refusal_; }

 private:
  template <typename... Args>
  Status Refuse(RefusalCode code, fmt::format_string<Args...> format, Args&&... args);
  // Of one entry, from `offset` on, within it.
  Status ConsumeEntry(const ManifestEntry& entry, std::uint64_t offset,
                      std::span<const std::byte> bytes);
  Status ConsumeDelta(const ManifestEntry& entry, std::uint64_t offset,
                      std::span<const std::byte> bytes);
  Status CheckDelta(const ManifestEntry& entry, std::uint64_t first_element,
                    std::span<const std::byte> bytes);
  Status CheckEqual(const ManifestEntry& entry, std::uint64_t offset,
                    std::span<const std::byte> bytes);

  const Archive& base_;
  const Manifest& manifest_;
  const std::optional<double> max_norm_;
  std::uint64_t consumed_ = 0;
  std::uint32_t crc32_ = 0;
  std::size_t entry_ = 0;             // the one that the next byte is in, or before
  std::array<std::byte, 8> split_{};  // the first bytes of an element that a chunk boundary splits
  SquareSum squares_;                 // only where the norm is limited
  RefusalCode refusal_ = RefusalCode::kNone;
};

}  // namespace fedge
