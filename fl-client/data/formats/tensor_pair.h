#pragma once

#include <memory>
#include <string>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/data/dense_dataset.h"
#include "fedge/data/options.h"

namespace fedge::data {

// A table from the tensors 'x' [examples, ...] and 'y' of an archive, or from its only two tensors
// in their order.
//   x  floating point: features as they are · uint8: divided by 255 · bool: 0 and 1 · other
//   integers: tokens y  integers [examples]: classes · integers in the shape of a token x: a class
//   per position · floating point
//      [examples, ...]: real targets
// kInvalidArgument names the tensor, its dtype or shape, and what was expected.
Result<std::shared_ptr<DenseTable>> ReadTensorPair(const std::shared_ptr<const Archive>& archive,
                                                   const DatasetOptions& options);

}  // namespace fedge::data
