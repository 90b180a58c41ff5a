#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/archive_layout.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/archive/derived.h"
#include "fedge/common/result.h"

namespace fedge::internal {

// What an ArchiveWriter is to do, worked out from its options.
struct WriterPlan {
  std::vector<Payload> payloads;
  std::vector<Piece> pieces;
  std::map<std::size_t, std::size_t> payload_of_storage;  // of the replaced ones
  // The copy's derived.json, if it has to be written anew. CRC and digest of the sources of
  // `new_derived` are open until the storages, by index, are written.
  std::vector<DerivedRecord> derived;
  std::map<std::string, std::vector<std::size_t>> new_derived;
  std::optional<std::size_t> derived_payload;
};

// kInvalidArgument for a storage or a record name that can't be; an error of ReadDerived.
Result<WriterPlan> PlanWriter(const Archive& base, ArchiveWriter::Options options);

}  // namespace fedge::internal
