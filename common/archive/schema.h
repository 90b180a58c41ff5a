#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/tensor/dtype.h"

namespace fedge {

// Name of the `extra/` record that says what a TorchScript file does not: the names, types and
// shapes of a model's inputs and outputs, and what it was made for:
//
//   {"schema_version":1,"architecture":"mlp:64","loss":"cross-entropy",
//    "inputs":[{"name":"x","dtype":"float32","shape":[-1,64]}],"outputs":[...]}
//
// Members that are not known are skipped.
inline constexpr std::string_view kSchemaRecord = "fedge/schema.json";
inline constexpr std::string_view kProvenanceRecord = "fedge/provenance.json";

struct TensorSchema {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape = {};  // -1: any size; the first dimension is the batch
  friend bool operator==(const TensorSchema&, const TensorSchema&) = default;
};

struct ModelSchema {
  std::string architecture = {};  // "mlp:64,32,10"; empty if unknown
  std::string loss = {};          // "cross-entropy"; empty if unknown
  std::vector<TensorSchema> inputs = {};
  std::vector<TensorSchema> outputs = {};
  friend bool operator==(const ModelSchema&, const ModelSchema&) = default;
};

std::string SchemaToJson(const ModelSchema& schema);
// kInvalidArgument names the member that is wrong.
Result<ModelSchema> SchemaFromJson(std::string_view json);
// nullopt if the archive carries none.
Result<std::optional<ModelSchema>> ReadSchema(const Archive& archive);

}  // namespace fedge
