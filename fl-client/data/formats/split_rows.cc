#include "fedge/data/formats/split_rows.h"

#include <cmath>
#include <utility>

#include "fedge/data/partition/holdout.h"

namespace fedge::data {

RowSplit SplitRows(std::size_t num_rows, const DatasetOptions& options) {
  Holdout parts = DrawHoldout(num_rows, options.test_fraction, options.seed);
  return {.train = std::move(parts.kept), .test = std::move(parts.held_out)};
}

Standardizer::Standardizer(std::span<const float> features, std::size_t width,
                           std::span<const std::uint32_t> rows)
    : mean_(width), inverse_deviation_(width) {
  const auto count = static_cast<double>(rows.size());
  for (const std::uint32_t row : rows) {
    for (std::size_t i = 0; i < width; ++i) mean_[i] += features[row * width + i] / count;
  }
  std::vector<double> variance(width);
  for (const std::uint32_t row : rows) {
    for (std::size_t i = 0; i < width; ++i) {
      const double difference = features[row * width + i] - mean_[i];
      variance[i] += difference * difference / count;
    }
  }
  // A constant feature has a variance of rounding errors only.
  for (std::size_t i = 0; i < width; ++i) {
    const bool constant = variance[i] <= mean_[i] * mean_[i] * 1e-24;
    inverse_deviation_[i] = constant ? 0 : 1 / std::sqrt(variance[i]);
  }
}

void Standardizer::Apply(std::span<float> features) const {
  const std::size_t width = mean_.size();
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t column = i % width;
    features[i] = static_cast<float>((features[i] - mean_[column]) * inverse_deviation_[column]);
  }
}

Result<DatasetSplits> MakeSplits(const std::shared_ptr<const DenseTable>& table, RowSplit rows,
                                 Split wanted) {
  DatasetSplits splits;
  if (WantsTrain(wanted)) {
    FEDGE_ASSIGN_OR_RETURN(splits.train, MakeDenseDataset(table, std::move(rows.train)));
  }
  if (WantsTest(wanted)) {
    if (rows.test.empty()) {
      return InvalidArgument(
          "'{}' has no test part; give a test file, or a test fraction that holds out an example",
          table->info.name);
    }
    FEDGE_ASSIGN_OR_RETURN(splits.test, MakeDenseDataset(table, std::move(rows.test)));
  }
  return splits;
}

}  // namespace fedge::data
