#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/dataset.h"

namespace fedge::data {

// Numbers that are owned, or lie in something that is kept alive (a mapped archive). Copies share
// them.
template <typename T>
class Column {
 public:
  Column() = default;
  Column(std::vector<T> values) {  // NOLINT: implicit on purpose
    auto owned = std::make_shared<const std::vector<T>>(std::move(values));
    values_ = *owned;
    owner_ = std::move(owned);
  }
  Column(std::span<const T> values, std::shared_ptr<const void> owner)
      : values_(values), owner_(std::move(owner)) {}

  std::span<const T> values() const { return values_; }
  std::size_t size() const { return values_.size(); }

 private:
  std::span<const T> values_;
  std::shared_ptr<const void> owner_;
};

// Features kept as bytes, a quarter of their floats: float = byte * scale + offset, per channel
// (the first dimension of the feature shape, split evenly).
struct ByteFeatures {
  struct Channel {
    float scale = 1;
    float offset = 0;
  };
  Column<std::uint8_t> values;
  std::vector<Channel> channels;  // at least one
};

using Features = std::variant<ByteFeatures, Column<float>, Column<std::int64_t>>;  // int64: tokens
using Targets = std::variant<Column<std::int32_t>, Column<float>>;                 // int32: classes

// Rows of features and targets, [rows, feature_shape] and [rows, target_shape]: what the loaders of
// a data set's training and test part share.
struct DenseTable {
  DatasetInfo info;
  Features features;
  Targets targets;
  std::vector<std::uint32_t> keys;  // one per row, or empty
  std::vector<std::string> key_names;

  std::size_t num_rows() const;
};

// The given rows of a table, in that order; all of them without a list. kInvalidArgument: there are
// 2^32 rows or more, or none.
Result<std::shared_ptr<const Dataset>> MakeDenseDataset(std::shared_ptr<const DenseTable> table);
Result<std::shared_ptr<const Dataset>> MakeDenseDataset(std::shared_ptr<const DenseTable> table,
                                                        std::vector<std::uint32_t> rows);

}  // namespace fedge::data
