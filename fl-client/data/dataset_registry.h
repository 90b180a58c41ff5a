#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/dataset.h"
#include "fedge/data/options.h"

namespace fedge::data {

enum class Split : std::uint8_t { kTrain, kTest, kBoth };

// The parts that were asked for; the other is null.
struct DatasetSplits {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test;
};

inline bool WantsTrain(Split split) { return split != Split::kTest; }
inline bool WantsTest(Split split) { return split != Split::kTrain; }

// A kind of data set: what a name of --data stands for.
struct DatasetFormat {
  enum class Place : std::uint8_t { kEmbedded, kFolder, kFile };

  std::string_view name;
  std::string_view summary;  // for the command line's help
  Place place = Place::kFile;
  // Reads each file it needs once. Messages begin with the path of the file that is wrong.
  Result<DatasetSplits> (*load)(const DatasetOptions& options, Split split) = nullptr;
};

// The data sets that can be named. Thread-compatible.
class DatasetRegistry {
 public:
  // Precondition: the name is new.
  void Register(const DatasetFormat& format);
  // kNotFound lists the known names.
  Result<DatasetFormat> Find(std::string_view name) const;
  const std::vector<DatasetFormat>& formats() const { return formats_; }
  // One line per data set, for --help.
  std::string Help() const;

  // What is wrong with the options, before any file is opened; all problems at once.
  Status Validate(const DatasetOptions& options) const;
  // Messages begin with "data: NAME: ". kNotFound, kDataLoss (truncated or damaged),
  // kInvalidArgument (another kind of file, or content that makes no data set), kResourceExhausted.
  Result<DatasetSplits> LoadSplits(const DatasetOptions& options, Split split) const;
  // One part. Precondition: split is not kBoth.
  Result<std::shared_ptr<const Dataset>> Load(const DatasetOptions& options,
                                              Split split = Split::kTrain) const;

 private:
  std::vector<DatasetFormat> formats_;
};

// digits, mnist, cifar10, text, csv, pt.
DatasetRegistry BuiltinDatasets();

}  // namespace fedge::data
