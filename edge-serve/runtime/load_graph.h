#pragma once

#include <memory>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/engine/graph.h"

namespace fedge::internal {

// A validated program over its archive's constants: checked to lie within their records, mapped
// where they are stored as they are. kInvalidArgument names the constant that does not fit.
Result<Graph> LoadGraph(const Program& program, std::shared_ptr<const Archive> archive);

}  // namespace fedge::internal
