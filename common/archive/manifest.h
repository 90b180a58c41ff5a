#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"

namespace fedge {

// How one storage of a model takes part in federated averaging.
enum class MergeRule : std::uint8_t {
  kAverageDelta,  // floating point: the update holds new - base, in the storage's dtype
  kMaximum,       // one integer, a counter (num_batches_tracked): the update holds the new value
  kMustBeEqual,   // any other non-floating storage: the update holds the value, which must be the
                  // base's
};

struct ManifestEntry {
  std::size_t storage = 0;  // index into Archive::storages()
  DType dtype = DType::kFloat32;
  std::uint64_t num_elements = 0;
  std::uint64_t payload_offset = 0;  // in bytes, a multiple of 8
  MergeRule rule = MergeRule::kAverageDelta;
  std::string tensor;  // the first tensor in it, for messages

  std::uint64_t num_bytes() const { return num_elements * DTypeSize(dtype); }
};

// The layout of an update's payload for a model: the storages of its trainable parameters and its
// buffers, in the archive's order of storages, each at a multiple of 8 bytes, the gaps zero. Both
// sides compute it from the same file. A storage is whole or not in it at all: one that a frozen
// tensor shares with a trainable one is, and an empty one is not.
struct Manifest {
  std::vector<ManifestEntry> entries;
  std::uint64_t payload_bytes = 0;
  std::uint64_t num_parameters =
      0;  // elements of all parameters, frozen ones too, each counted once
  // Of names, kinds, shapes, dtypes, layout, code and constants, not of tensor values or `extra/`:
  // equal for the models of one run.
  Digest structure;
};

// kFailedPrecondition if the model has no trainable floating-point parameter, or is no TorchScript
// module.
Result<Manifest> BuildManifest(const Archive& archive);

}  // namespace fedge
