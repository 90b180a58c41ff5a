#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"

namespace fedge {

// Some `extra/` records are computed from tensors (an edge program, golden samples, ranges) and
// mean nothing once those change. For each, this record keeps what it was computed from:
//
//   extra/fedge/derived.json
//   {"schema_version":1,"derived":[{"record":"fedge/program.pb","sources":[
//     {"record":"data/3","size":"2048","crc32":"0a1b2c3d","sha256":"<64 hexadecimal digits>"}]}]}
//
// ArchiveWriter writes it (Extra::derived_from) and drops derived records whose sources it
// replaces; whoever uses a derived record asks CheckDerived first, since a file may have been
// edited by something else.
inline constexpr std::string_view kDerivedRecord = "fedge/derived.json";

struct DerivedSource {
  std::string record;      // of a storage: "data/3"
  std::uint64_t size = 0;  // uncompressed bytes
  std::uint32_t crc32 = 0;
  Digest sha256;
  friend bool operator==(const DerivedSource&, const DerivedSource&) = default;
};

struct DerivedRecord {
  std::string name;  // without "extra/": "fedge/program.pb"
  std::vector<DerivedSource> sources;
  friend bool operator==(const DerivedRecord&, const DerivedRecord&) = default;
};

std::string DerivedToJson(const std::vector<DerivedRecord>& records);
// kInvalidArgument names the member that is wrong.
Result<std::vector<DerivedRecord>> DerivedFromJson(std::string_view json);
// Empty if the archive has none.
Result<std::vector<DerivedRecord>> ReadDerived(const Archive& archive);

enum class DerivedCheck : std::uint8_t {
  kDirectory,  // sizes and CRCs as the archive's directory has them: no byte of a tensor is read
  kContent,    // SHA-256 of every source as well
};
// OK if extra record `name` was computed from the tensors that the archive holds now.
// kFailedPrecondition names the source that differs, or says that the record names none; kNotFound
// if there is no such record.
Status CheckDerived(const Archive& archive, std::string_view name,
                    DerivedCheck check = DerivedCheck::kDirectory);

}  // namespace fedge
