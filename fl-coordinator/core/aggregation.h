#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/status.h"
#include "fedge/coordinator/records.h"
#include "fedge/coordinator/spool.h"

namespace fedge {

struct SpooledUpdate {
  ClientId client;
  Extent extent;
  std::uint64_t weight = 0;  // number of examples, 0 < weight <= kMaxWeight
};

struct AggregationOptions {
  std::size_t buffer_bytes = 4u << 20;  // for all updates together; fixed, whatever the model and the cohort
};

// Weighted mean of the accepted deltas (McMahan et al. 2017, Algorithm 1), block by block in (client, task) order, summed
// in float64: per storage element in its own dtype T, S = sum of weight * delta, new = T(double(old) + S / sum of weights).
// The same set of updates gives the same bytes, whatever the order of arrival and the size of the buffer. Counters take
// the maximum; the gaps of the payload are ignored.
//
// updates  extents with payloads laid out as `manifest` says; sorted here by client
// out      created with every storage of the manifest in replaced_storages; not finished
// kDataLoss           a payload's checksum differs; names the client
// kFailedPrecondition no update
Status WeightedMean(const Archive& base, const Manifest& manifest, std::span<const SpooledUpdate> updates, Spool& spool,
                    ArchiveWriter& out, const AggregationOptions& options = {});

// Checks an update's payload as it streams in: its size, every floating-point element finite, storages that must be
// equal to the base's equal. Thread-compatible.
class UpdateValidator {
 public:
  // Both outlive the validator.
  UpdateValidator(const Archive& base, const Manifest& manifest) : base_(base), manifest_(manifest) {}

  // The next bytes, in order. kInvalidArgument names tensor and element.
  Status Consume(std::span<const std::byte> bytes);
  // kInvalidArgument if bytes are missing; kDataLoss if the checksum of all bytes is not `crc32`.
  Status Finish(std::uint32_t crc32) const;
  std::uint64_t consumed() const { return consumed_; }

 private:
  const Archive& base_;
  const Manifest& manifest_;
  std::uint64_t consumed_ = 0;
  std::uint32_t crc32_ = 0;
  std::size_t entry_ = 0;
  std::vector<std::byte> carry_;  // the first bytes of an element that a chunk boundary splits
};

}  // namespace fedge
