#pragma once

#include <functional>
#include <optional>
#include <string>

#include "fedge/archive/archive.h"
#include "fedge/archive/schema.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/lower/lowered_model.h"
#include "fedge/program/samples.h"

namespace fedge {

// What a compressed model carries beside its weights and code.
struct ModelExtras {
  const LoweredModel& lowered;
  const Sample& sample;
  std::optional<ModelSchema> schema = {};  // of the input, for what lowering does not know
  std::string provenance = {};             // JSON
};

// kAlreadyExists, or kInvalidArgument if the output is the input itself, whatever `force` says.
Status CheckOutput(const std::string& input, const std::string& output, bool force);

// Looks at the file at a path, which is whole but has not its final name yet.
using Prove = std::function<Status(const std::string& path)>;

// A copy of `base` at `output` with the extras: written beside it under another name, renamed when
// it is whole and `prove` says OK of it. Returns its size. Without `keep` it is written to the
// folder for temporary files, proven and removed.
Result<std::uint64_t> WriteModel(const Archive& base, const ModelExtras& extras,
                                 const std::string& output, bool keep, const Prove& prove);

// {"schema_version":1,"tool":"compress 0.1.0","method":"fp16","input_sha256":"...", ...}
std::string ProvenanceToJson(const std::string& method, const Archive& input);

}  // namespace fedge
