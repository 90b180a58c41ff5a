#include "fedge/coordinator/aggregation.h"

#include <algorithm>
#include <vector>

#include "fedge/common/hash.h"
#include "fedge/coordinator/merge_block.h"

namespace fedge {
namespace {

// Blocks begin at multiples of this, so that they split no element: entries do at multiples of 8.
constexpr std::size_t kBlockAlignment = 64;

// The part of one entry that lies in a block.
struct Piece {
  const ManifestEntry* entry;
  std::uint64_t storage_offset;  // in bytes
  std::size_t block_offset;      // in bytes
  std::size_t num_bytes;
  std::size_t first_sum;  // where its elements' sums begin, for averaged ones

  std::size_t num_elements() const { return num_bytes / DTypeSize(entry->dtype); }
};

struct Block {
  std::uint64_t begin = 0;  // in the payload
  std::size_t num_bytes = 0;
  std::vector<Piece> pieces;
};

// Cuts the payload into blocks, one after the other.
class BlockCutter {
 public:
  BlockCutter(const Manifest& manifest, std::size_t block_bytes)
      : manifest_(manifest), block_bytes_(block_bytes) {}

  // False after the last one.
  bool Next(Block& block) {
    block.begin = begin_;
    block.num_bytes = std::min<std::uint64_t>(block_bytes_, manifest_.payload_bytes - begin_);
    block.pieces.clear();
    const std::uint64_t end = begin_ + block.num_bytes;
    std::size_t num_sums = 0;
    for (; entry_ < manifest_.entries.size(); ++entry_) {
      const ManifestEntry& entry = manifest_.entries[entry_];
      if (entry.payload_offset >= end) break;
      const std::uint64_t entry_end = entry.payload_offset + entry.num_bytes();
      const std::uint64_t from = std::max(entry.payload_offset, begin_);
      const std::uint64_t to = std::min(entry_end, end);
      if (from < to) {
        block.pieces.push_back(
            {&entry, from - entry.payload_offset, from - begin_, to - from, num_sums});
        if (entry.rule == MergeRule::kAverageDelta) num_sums += block.pieces.back().num_elements();
      }
      if (entry_end > end) break;  // the rest of it is in the next block
    }
    begin_ = end;
    return block.num_bytes > 0;
  }

 private:
  const Manifest& manifest_;
  const std::size_t block_bytes_;
  std::uint64_t begin_ = 0;
  std::size_t entry_ = 0;
};

// How the buffer is shared out: a block of one update, the merged block, and a float64 sum for each
// element that is averaged.
struct BufferPlan {
  std::size_t block_bytes = 0;
  std::size_t num_sums = 0;
};

BufferPlan PlanBuffer(const Manifest& manifest, std::size_t buffer_bytes) {
  std::size_t narrowest = sizeof(double);
  for (const ManifestEntry& entry : manifest.entries) {
    if (entry.rule != MergeRule::kAverageDelta) continue;
    narrowest = std::min(narrowest, DTypeSize(entry.dtype));
  }
  std::size_t bytes = buffer_bytes / (2 + sizeof(double) / narrowest);
  bytes = std::min<std::uint64_t>(bytes, manifest.payload_bytes + kBlockAlignment - 1);
  bytes = std::max(bytes / kBlockAlignment, std::size_t{1}) * kBlockAlignment;
  return {.block_bytes = bytes, .num_sums = bytes / narrowest};
}

// Merges one block after the other. Its buffers are all the memory that depends on a model's size.
class BlockMerger {
 public:
  BlockMerger(const Archive& base, std::vector<SpooledUpdate> updates, Spool& spool,
              const BufferPlan& plan)
      : base_(base),
        updates_(std::move(updates)),
        spool_(spool),
        crcs_(updates_.size()),
        in_(plan.block_bytes),
        out_(plan.block_bytes),
        sums_(plan.num_sums) {
    std::uint64_t total = 0;
    for (const SpooledUpdate& update : updates_) total += update.weight;
    total_weight_ = static_cast<double>(total);
  }

  // Merged() has the result until the next call.
  Status Merge(const Block& block) {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    for (std::size_t i = 0; i < updates_.size(); ++i) {
      const auto bytes = std::span(in_).first(block.num_bytes);
      Status status = spool_.Read(updates_[i].extent, block.begin, bytes);
      if (!status.ok()) return status.WithContext(Describe(updates_[i]));
      crcs_[i] = Crc32(bytes, crcs_[i]);
      for (const Piece& piece : block.pieces) Add(piece, bytes, updates_[i], i == 0);
    }
    for (const Piece& piece : block.pieces) FEDGE_RETURN_IF_ERROR(Complete(piece));
    return OkStatus();
  }

  std::span<const std::byte> Merged(const Piece& piece) const {
    return std::span(out_).subspan(piece.block_offset, piece.num_bytes);
  }

  // Once all blocks have been read.
  Status CheckCrcs() const {
    for (std::size_t i = 0; i < updates_.size(); ++i) {
      if (crcs_[i] == updates_[i].extent.crc32) continue;
      return DataLoss("{}: its checksum is {:08x}; the spool's bytes have {:08x}",
                      Describe(updates_[i]), updates_[i].extent.crc32, crcs_[i]);
    }
    return OkStatus();
  }

 private:
  static std::string Describe(const SpooledUpdate& update) {
    return fmt::format("update of client '{}'", update.client);
  }

  std::span<double> Sums(const Piece& piece) {
    return std::span(sums_).subspan(piece.first_sum, piece.num_elements());
  }

  void Add(const Piece& piece, std::span<const std::byte> block, const SpooledUpdate& update,
           bool first) {
    const auto values = block.subspan(piece.block_offset, piece.num_bytes);
    const auto out = std::span(out_).subspan(piece.block_offset, piece.num_bytes);
    if (piece.entry->rule == MergeRule::kAverageDelta) {
      AddWeighted(piece.entry->dtype, values, static_cast<double>(update.weight), Sums(piece));
    } else if (first) {
      std::copy(values.begin(), values.end(), out.begin());
    } else if (piece.entry->rule == MergeRule::kMaximum) {
      TakeMaximum(piece.entry->dtype, values, out);
    }
  }

  Status Complete(const Piece& piece) {
    if (piece.entry->rule == MergeRule::kMaximum) return OkStatus();
    // The updates have been added: their buffer is free.
    const auto base = std::span(in_).subspan(piece.block_offset, piece.num_bytes);
    FEDGE_RETURN_IF_ERROR(base_.ReadStorage(piece.entry->storage, piece.storage_offset, base));
    const auto out = std::span(out_).subspan(piece.block_offset, piece.num_bytes);
    if (piece.entry->rule == MergeRule::kMustBeEqual) {
      std::copy(base.begin(), base.end(), out.begin());
      return OkStatus();
    }
    const auto overflow = AddMean(piece.entry->dtype, base, Sums(piece), total_weight_, out);
    if (!overflow) return OkStatus();
    return DataLoss("'{}' element {}: the mean of {} updates is beyond the range of {}",
                    piece.entry->tensor,
                    piece.storage_offset / DTypeSize(piece.entry->dtype) + *overflow,
                    updates_.size(), DTypeName(piece.entry->dtype));
  }

  const Archive& base_;
  const std::vector<SpooledUpdate> updates_;
  Spool& spool_;
  double total_weight_ = 0;
  std::vector<std::uint32_t> crcs_;  // of what has been read, by update
  std::vector<std::byte> in_;        // the block of one update, then of the base
  std::vector<std::byte> out_;       // the merged block
  std::vector<double> sums_;
};

Status CheckUpdates(const Manifest& manifest, std::span<const SpooledUpdate> updates) {
  if (updates.empty()) return FailedPrecondition("there is no update to average");
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const SpooledUpdate& update = updates[i];
    if (update.weight == 0 || update.weight > kMaxWeight) {
      return InvalidArgument("update of client '{}': its weight is {}, not 1 to {}", update.client,
                             update.weight, kMaxWeight);
    }
    if (update.extent.size != manifest.payload_bytes) {
      return DataLoss("update of client '{}': it has {} bytes, not {}", update.client,
                      update.extent.size, manifest.payload_bytes);
    }
    if (i > 0 && update.client == updates[i - 1].client) {
      return InvalidArgument("two updates of client '{}'", update.client);
    }
  }
  return OkStatus();
}

}  // namespace

Status WeightedMean(const Archive& base, const Manifest& manifest,
                    std::span<const SpooledUpdate> updates, Spool& spool, ArchiveWriter& out,
                    const AggregationOptions& options) {
  std::vector<SpooledUpdate> sorted(updates.begin(), updates.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const SpooledUpdate& a, const SpooledUpdate& b) { return a.client < b.client; });
  FEDGE_RETURN_IF_ERROR(CheckUpdates(manifest, sorted));
  const BufferPlan plan = PlanBuffer(manifest, options.buffer_bytes);
  BlockMerger merger(base, std::move(sorted), spool, plan);
  BlockCutter cutter(manifest, plan.block_bytes);
  for (Block block; cutter.Next(block);) {
    if (options.stop.stop_requested()) return Cancelled("the aggregation was stopped");
    FEDGE_RETURN_IF_ERROR(merger.Merge(block));
    for (const Piece& piece : block.pieces) {
      FEDGE_RETURN_IF_ERROR(
          out.WriteStorage(piece.entry->storage, piece.storage_offset, merger.Merged(piece)));
    }
  }
  return merger.CheckCrcs();
}

}  // namespace fedge
