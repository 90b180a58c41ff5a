#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fedge/data/partition/partition.h"

namespace fedge::data {

// The partition methods of this library. A new one is a file that defines a constant, a line here
// and a line in BuiltinPartitions().
extern const PartitionMethod kIid;
extern const PartitionMethod kShards;
extern const PartitionMethod kDirichlet;
extern const PartitionMethod kQuantity;
extern const PartitionMethod kByKey;

// What they share.

// [0, size) in a random order.
std::vector<std::uint32_t> ShuffledExamples(std::size_t size, Random& random);
// Cuts `order` into consecutive parts of these sizes, which sum to at most its size.
Partition Cut(std::span<const std::uint32_t> order, std::span<const std::size_t> sizes);
// kInvalidArgument unless the data set's targets are classes.
Result<std::vector<std::int64_t>> RequireLabels(const Dataset& dataset);

}  // namespace fedge::data
