#include <utility>

#include "fedge/data/dense_dataset.h"
#include "fedge/data/formats/csv_reader.h"
#include "fedge/data/formats/embedded.h"
#include "fedge/data/formats/formats.h"
#include "fedge/data/formats/numbers.h"
#include "fedge/data/formats/split_rows.h"

namespace fedge::data {
namespace {

constexpr std::size_t kPixels = 64;
constexpr int kMaxPixel = 16;
constexpr int kNumClasses = 10;
constexpr std::size_t kTestEvery = 5;

Result<int> ParseCell(const CsvReader& reader, std::size_t column, int max) {
  const std::optional<double> number = ParseNumber(reader.cells()[column]);
  if (!number || *number < 0 || *number > max || static_cast<int>(*number) != *number) {
    return InvalidArgument("{}: column {} is '{}'; expected an integer from 0 to {}",
                           reader.Where(), column + 1, reader.cells()[column], max);
  }
  return static_cast<int>(*number);
}

Result<std::shared_ptr<const DenseTable>> ReadTable() {
  FEDGE_ASSIGN_OR_RETURN(ByteSource source,
                         ByteSource::FromBytes(EmbeddedDigits(), "digits.csv.gz (built in)"));
  CsvReader reader(source);
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> classes;
  while (true) {
    FEDGE_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    if (reader.cells().size() != kPixels + 1) {
      return InvalidArgument("{}: has {} columns; expected {}", reader.Where(),
                             reader.cells().size(), kPixels + 1);
    }
    for (std::size_t i = 0; i < kPixels; ++i) {
      FEDGE_ASSIGN_OR_RETURN(const int pixel, ParseCell(reader, i, kMaxPixel));
      pixels.push_back(static_cast<std::uint8_t>(pixel));
    }
    FEDGE_ASSIGN_OR_RETURN(const int label, ParseCell(reader, kPixels, kNumClasses - 1));
    classes.push_back(label);
  }
  auto table = std::make_shared<DenseTable>();
  table->info = {.name = "digits",
                 .feature_shape = {1, 8, 8},
                 .feature_type = FeatureType::kFloat,
                 .target_type = TargetType::kClass,
                 .target_shape = {},
                 .num_classes = kNumClasses,
                 .class_names = {}};
  table->features = ByteFeatures{.values = std::move(pixels),
                                 .channels = {{.scale = 1.0F / kMaxPixel, .offset = 0}}};
  table->targets = Column<std::int32_t>(std::move(classes));
  return std::shared_ptr<const DenseTable>(std::move(table));
}

Result<DatasetSplits> Load(const DatasetOptions&, Split split) {
  FEDGE_ASSIGN_OR_RETURN(const auto table, ReadTable());
  RowSplit rows;
  for (std::uint32_t row = 0; row < table->num_rows(); ++row) {
    (row % kTestEvery == 0 ? rows.test : rows.train).push_back(row);
  }
  return MakeSplits(table, std::move(rows), split);
}

}  // namespace

// 1,437 examples to train and 360 to test: every fifth, beginning with the first. Pixels divided
// by 16.
const DatasetFormat kDigits{.name = "digits",
                            .summary = "1,797 8x8 digits, 10 classes, built in: every fifth tests",
                            .place = DatasetFormat::Place::kEmbedded,
                            .load = Load};

}  // namespace fedge::data
