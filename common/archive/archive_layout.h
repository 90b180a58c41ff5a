#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fedge/archive/file_bytes.h"
#include "fedge/archive/zip_directory.h"
#include "fedge/common/result.h"

// Where the bytes of a changed copy of an archive lie. Sizes are known before any content is, so
// the whole layout is; only checksums are filled in later.
namespace fedge::internal {

// New content of a record.
struct Payload {
  std::uint64_t size = 0;
  // Its bytes; none for those that are streamed.
  std::optional<std::string> content;
  // Of content that is deflated: what it was before.
  struct Inflated {
    std::uint64_t size = 0;
    std::uint32_t crc32 = 0;
  };
  std::optional<Inflated> inflated = {};
};

// Where, in a piece's bytes, the CRC-32 of a payload belongs.
struct CrcPatch {
  std::size_t payload = 0;
  std::size_t offset = 0;
};

// A run of the output. Exactly one of three kinds: a range of the base file, bytes made here, or a
// payload.
struct Piece {
  enum class Source : std::uint8_t { kBase, kBytes, kPayload };
  Source source = Source::kBase;
  std::uint64_t offset = 0;  // in the output
  std::uint64_t size = 0;
  std::uint64_t base_offset = 0;  // kBase
  std::string bytes;              // kBytes
  std::vector<CrcPatch> patches;  // kBytes
  std::size_t payload = 0;        // kPayload
};

struct RecordChange {
  enum class Kind : std::uint8_t { kKeep, kDrop, kReplace };
  Kind kind = Kind::kKeep;
  std::size_t payload = 0;  // kReplace
};

struct AddedRecord {
  std::string name;  // whole, with the root folder
  std::size_t payload = 0;
};

struct LayoutRequest {
  FileBytes file;
  const ZipDirectory& directory;
  std::vector<RecordChange> changes;  // of the directory's entries, one by one
  std::vector<AddedRecord> added;     // behind the last record
  std::span<const Payload> payloads;
};

// The pieces of the copy, ascending and without a gap. While nothing changes its size, every record
// stays where it is and only payloads and CRCs differ from the base. Behind the first change of
// size records move up or down: one whose data lay at a multiple of 64 bytes, as PyTorch's writer
// puts them, lies so again, padded in its header as PyTorch does; replaced and added ones are
// stored as their payloads say and lie so too.
// The errors of reading the file.
Result<std::vector<Piece>> PlanLayout(const LayoutRequest& request);

}  // namespace fedge::internal
