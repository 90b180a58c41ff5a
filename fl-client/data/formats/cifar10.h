#pragma once

#include <cstdint>
#include <vector>

#include "fedge/common/status.h"
#include "fedge/data/byte_source.h"

namespace fedge::data {

// Records of CIFAR-10's binary version: one label byte, then 32 x 32 bytes each of red, green and
// blue.
struct CifarRecords {
  std::vector<std::uint8_t> pixels;   // [records, 3, 32, 32]
  std::vector<std::int32_t> classes;  // [records]
};

// Appends the records of one file. kDataLoss: it ends inside a record; kInvalidArgument: it has no
// record, or a label beyond 9. On error `records` is unspecified.
Status AppendCifarRecords(ByteSource& source, CifarRecords& records);

}  // namespace fedge::data
