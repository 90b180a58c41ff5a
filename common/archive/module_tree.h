#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/archive/class_headers.h"
#include "fedge/archive/pickle.h"
#include "fedge/common/result.h"

namespace fedge::internal {

// Gives the source text of a record of `code/`; kNotFound if there is none.
using ReadCode = std::function<Result<std::string>(const std::string& record)>;

// Names the tensors of a pickle by walking it from the root, depth first: "layers.0.weight". Where
// an object's class declares it, a tensor is a parameter or a buffer. `storage` of each is the
// pickle's. kInvalidArgument for values nested too deep, or shared so often that the names would
// outgrow the file.
Result<std::vector<TensorInfo>> ListTensors(const Pickle& pickle, const ReadCode& read_code);

}  // namespace fedge::internal
