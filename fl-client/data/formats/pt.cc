#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "fedge/data/formats/formats.h"
#include "fedge/data/formats/split_rows.h"
#include "fedge/data/formats/tensor_pair.h"

namespace fedge::data {
namespace {

Result<std::shared_ptr<DenseTable>> ReadTable(const std::string& path,
                                              const DatasetOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(Archive archive, Archive::Open(path));
  auto table = ReadTensorPair(std::make_shared<const Archive>(std::move(archive)), options);
  if (!table.ok()) return table.status().WithContext(path);
  return table;
}

// The features as floats that can be changed; null for tokens.
std::optional<std::vector<float>> AsFloats(const DenseTable& table) {
  std::vector<float> floats;
  if (const auto* column = std::get_if<Column<float>>(&table.features)) {
    floats.assign(column->values().begin(), column->values().end());
  } else if (const auto* bytes = std::get_if<ByteFeatures>(&table.features)) {
    const float scale = bytes->channels[0].scale;
    for (const std::uint8_t byte : bytes->values.values())
      floats.push_back(static_cast<float>(byte) * scale);
  } else {
    return std::nullopt;
  }
  return floats;
}

Status Standardize(const RowSplit& rows, DenseTable& train, DenseTable* test) {
  std::optional<std::vector<float>> features = AsFloats(train);
  if (!features)
    return InvalidArgument(
        "x holds tokens, which cannot be standardized; leave the normalization out");
  const Standardizer standardizer(*features, train.info.feature_size(), rows.train);
  standardizer.Apply(*features);
  train.features = Column<float>(std::move(*features));
  if (test == nullptr) return OkStatus();
  features = AsFloats(*test);
  standardizer.Apply(*features);
  test->features = Column<float>(std::move(*features));
  return OkStatus();
}

Status CheckSameKind(const DatasetInfo& train, const DatasetInfo& test) {
  if (train.feature_shape == test.feature_shape && train.feature_type == test.feature_type &&
      train.target_shape == test.target_shape && train.target_type == test.target_type) {
    return OkStatus();
  }
  return InvalidArgument("x and y differ in type or shape from those of the training file");
}

Result<DatasetSplits> Load(const DatasetOptions& given, Split split) {
  DatasetOptions options = given;
  if (!options.test_file.empty()) options.test_fraction = 0;
  FEDGE_ASSIGN_OR_RETURN(const auto train, ReadTable(options.file, options));
  std::shared_ptr<DenseTable> test;
  if (!options.test_file.empty() && WantsTest(split)) {
    FEDGE_ASSIGN_OR_RETURN(test, ReadTable(options.test_file, options));
    if (const Status same = CheckSameKind(train->info, test->info); !same.ok()) {
      return same.WithContext(options.test_file);
    }
    train->info.num_classes = test->info.num_classes =
        std::max(train->info.num_classes, test->info.num_classes);
  }
  RowSplit rows = SplitRows(train->num_rows(), options);
  if (options.normalization == Normalization::kStandardize) {
    FEDGE_RETURN_IF_ERROR(Standardize(rows, *train, test.get()));
  }
  if (options.test_file.empty()) return MakeSplits(train, std::move(rows), split);
  DatasetSplits splits;
  if (WantsTrain(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.train, MakeDenseDataset(train));
  }
  if (WantsTest(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.test, MakeDenseDataset(test));
  }
  return splits;
}

}  // namespace

const DatasetFormat kPt{.name = "pt",
                        .summary = "a pair of tensors, as torch.save({'x': x, 'y': y}) writes it",
                        .place = DatasetFormat::Place::kFile,
                        .load = Load};

}  // namespace fedge::data
