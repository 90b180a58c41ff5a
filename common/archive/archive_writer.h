#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/file.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"

namespace fedge {

// Writes a copy of an archive with new tensor bytes and `extra/` records, in memory that does not
// grow with the tensors. Every record that is neither replaced nor dropped keeps its bytes and
// attributes; while no record changes its size, the copy differs from the base only in replaced
// bytes and CRCs. Replaced storages are stored uncompressed at a 64-byte boundary; new `extra/`
// records go behind the last record. The copy is not given its final name: the caller renames it.
//
// Derived `extra/` records (see derived.h) are dropped when a storage that they were computed from
// is replaced, whatever is written into it, or no longer is what they were computed from.
// Thread-compatible.
class ArchiveWriter {
 public:
  struct Extra {
    std::string name;                    // "fedge/provenance.json"
    std::optional<std::string> content;  // none: drop the record, if there is one
    // The storages that the content was computed from, as the copy will have them.
    std::vector<std::size_t> derived_from = {};
    bool deflate = false;  // for what repeats itself and is not mapped
  };
  struct Options {
    std::vector<std::size_t> replaced_storages =
        {};                          // indices that WriteStorage will fill; every byte of them
    std::vector<Extra> extras = {};  // set, replaced or dropped
  };
  struct Summary {
    Digest digest;  // SHA-256 of the file
    std::uint64_t size = 0;
    std::uint32_t crc32 = 0;  // of the file
  };

  // `base` and `files` outlive the writer. The file at `path` is created or overwritten; it must
  // not be the base's. kInvalidArgument for a storage or a record name that can't be, or if the
  // base's derived.json is malformed.
  static Result<ArchiveWriter> Create(const Archive& base, FileSystem& files, std::string path,
                                      Options options);
  ArchiveWriter(ArchiveWriter&&) noexcept;
  ArchiveWriter& operator=(ArchiveWriter&&) noexcept;
  // Removes the file unless it was finished.
  ~ArchiveWriter();

  // The next bytes of a replaced storage; offsets ascend without a gap within a storage, storages
  // come in any order. It is cheapest to come in the order of Archive::storages(): what comes out
  // of order is read back for the digest. kInvalidArgument for bytes out of order or too many; the
  // file's errors, after which the writer is of no more use.
  Status WriteStorage(std::size_t storage, std::uint64_t offset_bytes,
                      std::span<const std::byte> bytes);
  // Completes the directory and syncs the file, not its folder. Once only. kFailedPrecondition if a
  // replaced storage is not filled.
  Result<Summary> Finish();

 private:
  struct Impl;
  explicit ArchiveWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
