#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "fedge/archive/archive.h"
#include "fedge/common/result.h"
#include "fedge/data/dense_dataset.h"

namespace fedge::data {

// The elements of a tensor of an archive in row-major order, whatever its strides. Where they
// already lie so, in that type and aligned, the column borrows them from the archive's mapping.
// kInvalidArgument: the tensor reaches beyond its storage; kResourceExhausted: it would take more
// than max_bytes; kDataLoss: its bytes cannot be had.
Result<Column<float>> ReadFloats(const std::shared_ptr<const Archive>& archive,
                                 const TensorInfo& tensor, std::uint64_t max_bytes);
// kInvalidArgument for a floating-point tensor.
Result<Column<std::int64_t>> ReadIntegers(const std::shared_ptr<const Archive>& archive,
                                          const TensorInfo& tensor, std::uint64_t max_bytes);
// Precondition: dtype is uint8 or bool.
Result<Column<std::uint8_t>> ReadBytes(const std::shared_ptr<const Archive>& archive,
                                       const TensorInfo& tensor, std::uint64_t max_bytes);

}  // namespace fedge::data
