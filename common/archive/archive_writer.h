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

// Writes a copy of an archive with new tensor bytes and `extra/` records, in bounded memory; every record that is
// neither replaced nor dropped keeps its bytes and attributes. Replaced storages are stored uncompressed at a 64-byte boundary with right CRCs. Derived `extra/` records whose storage digests no longer hold are dropped.
// Not copied to its final name until the caller renames it. Thread-compatible.
class ArchiveWriter {
 public:
  struct Extra {
    std::string name;                    // "fedge/provenance.json"
    std::optional<std::string> content;  // none: drop the record
  };
  struct Options {
    std::vector<std::size_t> replaced_storages;  // indices that WriteStorage will fill; every byte of them
    std::vector<Extra> extras;                   // set, replaced or dropped
  };
  struct Summary {
    Digest digest;  // SHA-256 of the file
    std::uint64_t size = 0;
  };

  // `base` outlives the writer. The file at `path` is created or overwritten.
  static Result<ArchiveWriter> Create(const Archive& base, FileSystem& files, std::string path, Options options);
  ArchiveWriter(ArchiveWriter&&) noexcept;
  ArchiveWriter& operator=(ArchiveWriter&&) noexcept;
  ~ArchiveWriter();

  // The next bytes of a replaced storage; offsets ascend without a gap within a storage, storages come in any order.
  Status WriteStorage(std::size_t storage, std::uint64_t offset_bytes, std::span<const std::byte> bytes);
  // Completes the directory and syncs the file. kFailedPrecondition if a replaced storage is not filled.
  Result<Summary> Finish();

 private:
  struct Impl;
  explicit ArchiveWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedge
