#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

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
  // For all updates together; fixed, whatever the model and the cohort.
  std::size_t buffer_bytes = 4u << 20;
  std::stop_token stop;  // ends it with kCancelled
};

// Weighted mean of the accepted deltas (McMahan et al. 2017, Algorithm 1), block by block in
// (client, task) order, summed in float64: per storage element in its own dtype T,
// S = sum of weight * delta from +0 on, new = T(double(old) + S / sum of weights). The same set of
// updates gives the same bytes, whatever the order of arrival and the size of the buffer. Counters
// take the maximum of the updates; the gaps of the payload are ignored.
//
// updates  extents with payloads laid out as `manifest` says, one per client; sorted here by client
// out      created with every storage of the manifest in replaced_storages; not finished
// kDataLoss           a payload's size or checksum differs, or a finite element has no finite mean;
//                     names the client or the tensor
// kFailedPrecondition no update
// kInvalidArgument    a weight out of its range, or two updates of one client
Status WeightedMean(const Archive& base, const Manifest& manifest,
                    std::span<const SpooledUpdate> updates, Spool& spool, ArchiveWriter& out,
                    const AggregationOptions& options = {});

}  // namespace fedge
