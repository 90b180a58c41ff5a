#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/dataset.h"

namespace fedge {

// Labelled data as the command line names them.
struct DataSource {
  // "digits", "mnist:DIR", "csv:FILE"; a path alone says by its ending what it is.
  std::string place;
  std::string label_column = {};          // csv; empty: the last
  std::vector<std::string> classes = {};  // csv, in the order of the model's outputs
  std::string vocabulary = {};            // text: whose characters are the vocabulary
  std::size_t sequence_length = 80;       // text

  // What is wrong, before any file is opened.
  Status Validate() const;
  // The test part of a data set that has one, all of a file. Errors as
  // data::DatasetRegistry::LoadSplits.
  Result<std::shared_ptr<const data::Dataset>> LoadTest() const;
};

}  // namespace fedge
