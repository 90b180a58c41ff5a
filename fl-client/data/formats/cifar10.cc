#include "fedge/data/formats/cifar10.h"

#include <array>
#include <utility>

#include "fedge/data/dense_dataset.h"
#include "fedge/data/formats/files.h"
#include "fedge/data/formats/formats.h"

namespace fedge::data {
namespace {

constexpr std::size_t kPixels = std::size_t{3} * 32 * 32;
constexpr int kNumClasses = 10;
constexpr std::array<std::string_view, 1> kSubfolders{
    "cifar-10-batches-bin"};  // where its archive unpacks
constexpr std::string_view kExpected =
    "CIFAR-10's binary version: records of 3073 bytes (10000 of them are 30730000 bytes)";

// Mean and deviation of the 50,000 training images, per channel, of pixels divided by 255.
constexpr std::array<double, 3> kMean{0.4914, 0.4822, 0.4465};
constexpr std::array<double, 3> kDeviation{0.2470, 0.2435, 0.2616};

Status AppendFile(const DatasetOptions& options, const std::string& path, CifarRecords& records) {
  FEDGE_ASSIGN_OR_RETURN(ByteSource source, ByteSource::Open(path));
  source.set_limit(options.max_bytes);
  const Status status = AppendCifarRecords(source, records);
  return status.ok()
             ? status
             : Status(status.code(), fmt::format("{}; expected {}", status.message(), kExpected));
}

Result<std::shared_ptr<const Dataset>> MakeDataset(CifarRecords records) {
  auto table = std::make_shared<DenseTable>();
  table->info = {.name = "cifar10",
                 .feature_shape = {3, 32, 32},
                 .feature_type = FeatureType::kFloat,
                 .target_type = TargetType::kClass,
                 .target_shape = {},
                 .num_classes = kNumClasses,
                 .class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                                 "horse", "ship", "truck"}};
  ByteFeatures features{.values = std::move(records.pixels), .channels = {}};
  for (std::size_t c = 0; c < kMean.size(); ++c) {
    features.channels.push_back({.scale = static_cast<float>(1 / (255 * kDeviation[c])),
                                 .offset = static_cast<float>(-kMean[c] / kDeviation[c])});
  }
  table->features = std::move(features);
  table->targets = Column<std::int32_t>(std::move(records.classes));
  return MakeDenseDataset(std::move(table));
}

Result<std::shared_ptr<const Dataset>> LoadTrain(const DatasetOptions& options) {
  CifarRecords records;
  Status missing;
  for (int batch = 1; batch <= 5; ++batch) {
    const auto path =
        FindFile(options.data_dir, kSubfolders, fmt::format("data_batch_{}.bin", batch), kExpected);
    if (path.ok()) {
      FEDGE_RETURN_IF_ERROR(AppendFile(options, *path, records));
    } else if (missing.ok()) {
      missing = path.status();
    }
  }
  if (records.classes.empty()) return missing;
  return MakeDataset(std::move(records));
}

Result<std::shared_ptr<const Dataset>> LoadTest(const DatasetOptions& options) {
  CifarRecords records;
  FEDGE_ASSIGN_OR_RETURN(const std::string path,
                         FindFile(options.data_dir, kSubfolders, "test_batch.bin", kExpected));
  FEDGE_RETURN_IF_ERROR(AppendFile(options, path, records));
  return MakeDataset(std::move(records));
}

Result<DatasetSplits> Load(const DatasetOptions& options, Split split) {
  DatasetSplits splits;
  if (WantsTrain(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.train, LoadTrain(options));
  }
  if (WantsTest(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.test, LoadTest(options));
  }
  return splits;
}

}  // namespace

Status AppendCifarRecords(ByteSource& source, CifarRecords& records) {
  const std::size_t before = records.classes.size();
  while (true) {
    FEDGE_ASSIGN_OR_RETURN(const bool at_end, source.AtEnd());
    if (at_end) break;
    const std::size_t index = records.classes.size() - before;
    std::byte label{};
    FEDGE_RETURN_IF_ERROR(source.ReadExactly(std::span(&label, 1), "a label"));
    const int value = std::to_integer<int>(label);
    if (value >= kNumClasses) {
      return InvalidArgument("{}: record {} (offset {}) has label {}; labels are 0 to {}",
                             source.name(), index, source.offset() - 1, value, kNumClasses - 1);
    }
    FEDGE_RETURN_IF_ERROR(source.Append(kPixels, fmt::format("record {}", index), records.pixels));
    records.classes.push_back(value);
  }
  if (records.classes.size() == before) return InvalidArgument("{}: is empty", source.name());
  return OkStatus();
}

// Whichever of the five training batches are there, in order. Each channel standardised.
const DatasetFormat kCifar10{
    .name = "cifar10",
    .summary = "32x32 colour images, 10 classes: data_batch_*.bin, test_batch.bin, .gz or not",
    .place = DatasetFormat::Place::kFolder,
    .load = Load};

}  // namespace fedge::data
