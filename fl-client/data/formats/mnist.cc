#include <array>
#include <utility>

#include "fedge/data/dense_dataset.h"
#include "fedge/data/formats/files.h"
#include "fedge/data/formats/formats.h"
#include "fedge/data/formats/idx.h"

namespace fedge::data {
namespace {

constexpr std::int64_t kNumClasses = 10;
constexpr std::array<std::string_view, 2> kSubfolders{"MNIST/raw",
                                                      "raw"};  // where torchvision unpacks it

Result<IdxArray> ReadFile(const DatasetOptions& options, std::string_view file,
                          std::size_t num_dimensions, std::string_view expected) {
  FEDGE_ASSIGN_OR_RETURN(const std::string path,
                         FindFile(options.data_dir, kSubfolders, file, expected));
  FEDGE_ASSIGN_OR_RETURN(ByteSource source, ByteSource::Open(path));
  source.set_limit(options.max_bytes);
  auto array = ReadIdx(source, num_dimensions);
  if (!array.ok()) {
    return Status(array.status().code(),
                  fmt::format("{}; expected {}", array.status().message(), expected));
  }
  return array;
}

Result<std::vector<std::int32_t>> Classes(const IdxArray& labels, std::int64_t num_images) {
  if (labels.shape[0] != num_images) {
    return InvalidArgument(
        "there are {} images, but {} labels; the two files do not belong together", num_images,
        labels.shape[0]);
  }
  std::vector<std::int32_t> classes(labels.values.begin(), labels.values.end());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] >= kNumClasses) {
      return InvalidArgument("label {} is {}; expected 0 to {}", i, classes[i], kNumClasses - 1);
    }
  }
  return classes;
}

Result<std::shared_ptr<const Dataset>> LoadPart(const DatasetOptions& options,
                                                std::string_view part) {
  const bool train = part == "train";
  const std::string images_file = fmt::format("{}-images-idx3-ubyte", part);
  const std::string labels_file = fmt::format("{}-labels-idx1-ubyte", part);
  FEDGE_ASSIGN_OR_RETURN(IdxArray images,
                         ReadFile(options, images_file, 3,
                                  train ? "the MNIST training images: IDX, 60000 x 28 x 28 bytes "
                                          "(47040016 bytes, or 9.9 MB as .gz)"
                                        : "the MNIST test images: IDX, 10000 x 28 x 28 bytes "
                                          "(7840016 bytes, or 1.6 MB as .gz)"));
  FEDGE_ASSIGN_OR_RETURN(
      const IdxArray labels,
      ReadFile(options, labels_file, 1,
               train ? "the MNIST training labels: IDX, 60000 bytes (60008 bytes, or 29 KB as .gz)"
                     : "the MNIST test labels: IDX, 10000 bytes (10008 bytes, or 5 KB as .gz)"));
  auto classes = Classes(labels, images.shape[0]);
  if (!classes.ok())
    return classes.status().WithContext(fmt::format("{}/{}", options.data_dir, labels_file));

  auto table = std::make_shared<DenseTable>();
  table->info = {.name = "mnist",
                 .feature_shape = {1, images.shape[1], images.shape[2]},
                 .feature_type = FeatureType::kFloat,
                 .target_type = TargetType::kClass,
                 .target_shape = {},
                 .num_classes = kNumClasses,
                 .class_names = {}};
  table->features = ByteFeatures{.values = std::move(images.values),
                                 .channels = {{.scale = 1.0F / 255, .offset = 0}}};
  table->targets = Column<std::int32_t>(std::move(*classes));
  return MakeDenseDataset(std::move(table));
}

Result<DatasetSplits> Load(const DatasetOptions& options, Split split) {
  DatasetSplits splits;
  if (WantsTrain(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.train, LoadPart(options, "train"));
  }
  if (WantsTest(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.test, LoadPart(options, "t10k"));
  }
  return splits;
}

}  // namespace

// Pixels divided by 255, otherwise as published.
const DatasetFormat kMnist{
    .name = "mnist",
    .summary = "28x28 digits, 10 classes: IDX files as published (and Fashion-MNIST), .gz or not",
    .place = DatasetFormat::Place::kFolder,
    .load = Load};

}  // namespace fedge::data
