#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/dataset_registry.h"
#include "fedge/data/dense_dataset.h"

namespace fedge::data {

// The rows of one table that train and those that test.
struct RowSplit {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> test;
};

// Rows [0, num_rows) with options.test_fraction of them, rounded and drawn with options.seed, in
// the test part.
RowSplit SplitRows(std::size_t num_rows, const DatasetOptions& options);

// Each feature to mean 0 and deviation 1 over the rows given, which are the training part; a
// constant one becomes 0. features: [rows, width].
struct Standardizer {
  Standardizer(std::span<const float> features, std::size_t width,
               std::span<const std::uint32_t> rows);
  void Apply(std::span<float> features) const;

 private:
  std::vector<double> mean_;
  std::vector<double> inverse_deviation_;
};

// The parts of a table split by rows, as asked for. kInvalidArgument when a part that was asked for
// is empty.
Result<DatasetSplits> MakeSplits(const std::shared_ptr<const DenseTable>& table, RowSplit rows,
                                 Split wanted);

}  // namespace fedge::data
