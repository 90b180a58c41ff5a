#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/schema.h"
#include "fedge/common/result.h"
#include "fedge/data/dataset.h"
#include "fedge/lower/lowered_model.h"

namespace fedge {

// An input as the command line says it: [NAME=]SIZExSIZE...[:DTYPE]. The first size is the batch,
// for which any number may stand: "1x3x224x224", "tokens=1x80:int64".
struct InputSpec {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;  // with the batch
};

// kInvalidArgument says how one is written.
Result<InputSpec> ParseInputSpec(std::string_view text);

// An input as it is written: "x=1x3x224x224:float32".
std::string ToSpec(const LowerInput& input);

// What the model takes: as the command line says, else as the schema in the file does, else what
// an example of the data is (null if there are none). kFailedPrecondition says how to give what
// none tells.
Result<std::vector<LowerInput>> InputsOf(const std::vector<std::string>& specs,
                                         const std::optional<ModelSchema>& schema,
                                         const data::DatasetInfo* data);

}  // namespace fedge
