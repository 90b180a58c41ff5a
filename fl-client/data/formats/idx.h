#pragma once

#include <cstdint>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/byte_source.h"

namespace fedge::data {

// An IDX file of unsigned bytes, the format MNIST and its kin are published in: a magic number
// 0x000008DD where DD is the number of dimensions, each dimension as a big-endian uint32, then the
// bytes, the last dimension fastest.
struct IdxArray {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

// kInvalidArgument: another kind of file, or another number of dimensions; kDataLoss: truncated;
// bytes after the end are kInvalidArgument as well.
Result<IdxArray> ReadIdx(ByteSource& source, std::size_t num_dimensions);

}  // namespace fedge::data
