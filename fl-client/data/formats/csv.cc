#include <memory>
#include <utility>

#include "fedge/data/formats/csv_classes.h"
#include "fedge/data/formats/csv_table.h"
#include "fedge/data/formats/formats.h"
#include "fedge/data/formats/split_rows.h"

namespace fedge::data {
namespace {

Result<CsvTable> ReadTable(const std::string& path, const DatasetOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(ByteSource source, ByteSource::Open(path));
  source.set_limit(options.max_bytes);
  return ReadCsvTable(source, options);
}

Status CheckSameColumns(const CsvColumns& train, const CsvColumns& test,
                        const DatasetOptions& options) {
  if (train.num_columns != test.num_columns) {
    return InvalidArgument("{}: has {} columns, but {} has {}", options.test_file, test.num_columns,
                           options.file, train.num_columns);
  }
  if (train.header != test.header) {
    return InvalidArgument("{}: its header differs from that of {}", options.test_file,
                           options.file);
  }
  return OkStatus();
}

// How the training file is understood: what the test file is then held to.
struct Understanding {
  ClassMap classes;
  std::optional<Standardizer> standardizer;
};

// Consumes the table.
Result<std::shared_ptr<const DenseTable>> ToDense(CsvTable csv, const Understanding& how,
                                                  const std::string& file,
                                                  const DatasetOptions& options) {
  auto table = std::make_shared<DenseTable>();
  const bool real = options.target == TargetChoice::kReal;
  table->info = {.name = "csv",
                 .feature_shape = {static_cast<std::int64_t>(csv.columns.num_features())},
                 .feature_type = FeatureType::kFloat,
                 .target_type = real ? TargetType::kReal : TargetType::kClass,
                 .target_shape = {},
                 .num_classes = how.classes.num_classes(),
                 .class_names = how.classes.names()};
  if (real) {
    table->targets = Column<float>(std::move(csv.reals));
  } else {
    FEDGE_ASSIGN_OR_RETURN(std::vector<std::int32_t> classes, how.classes.Map(csv, file));
    table->targets = Column<std::int32_t>(std::move(classes));
  }
  if (how.standardizer) how.standardizer->Apply(csv.features);
  table->features = Column<float>(std::move(csv.features));
  table->keys = std::move(csv.keys);
  table->key_names = std::move(csv.key_names.names);
  return std::shared_ptr<const DenseTable>(std::move(table));
}

Result<Understanding> Understand(const CsvTable& train, const RowSplit& rows,
                                 const DatasetOptions& options) {
  Understanding how;
  if (options.target != TargetChoice::kReal) {
    FEDGE_ASSIGN_OR_RETURN(how.classes, ClassMap::Build(train, options.classes, options.file));
  }
  if (options.normalization == Normalization::kStandardize) {
    how.standardizer.emplace(train.features, train.columns.num_features(), rows.train);
  }
  return how;
}

Result<DatasetSplits> Load(const DatasetOptions& options, Split split) {
  FEDGE_ASSIGN_OR_RETURN(CsvTable train, ReadTable(options.file, options));
  DatasetOptions drawn = options;
  if (!options.test_file.empty()) drawn.test_fraction = 0;
  RowSplit rows = SplitRows(train.num_rows, drawn);
  FEDGE_ASSIGN_OR_RETURN(const Understanding how, Understand(train, rows, options));
  const CsvColumns columns = train.columns;
  FEDGE_ASSIGN_OR_RETURN(const auto table, ToDense(std::move(train), how, options.file, options));
  if (options.test_file.empty()) return MakeSplits(table, std::move(rows), split);

  DatasetSplits splits;
  if (WantsTrain(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.train, MakeDenseDataset(table));
  }
  if (WantsTest(split)) {
    FEDGE_ASSIGN_OR_RETURN(CsvTable test, ReadTable(options.test_file, options));
    FEDGE_RETURN_IF_ERROR(CheckSameColumns(columns, test.columns, options));
    FEDGE_ASSIGN_OR_RETURN(const auto test_table,
                           ToDense(std::move(test), how, options.test_file, options));
    FEDGE_ASSIGN_OR_RETURN(splits.test, MakeDenseDataset(test_table));
  }
  return splits;
}

}  // namespace

const DatasetFormat kCsv{
    .name = "csv",
    .summary = "numbers and a label per line, by comma, semicolon or tab, with or without a header",
    .place = DatasetFormat::Place::kFile,
    .load = Load};

}  // namespace fedge::data
