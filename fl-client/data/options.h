#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fedge/common/status.h"

namespace fedge::data {

enum class TargetChoice : std::uint8_t {
  kAuto,   // pt: by the dtype of y; csv: classes
  kClass,  // a label
  kReal,   // a number
};
enum class Normalization : std::uint8_t {
  kNone,
  kStandardize,  // each feature to mean 0 and deviation 1 over the training part
};

// Which data set, and how to read it. Images and embedded data use the first three members only.
struct DatasetOptions {
  std::string name =
      "digits";  // as the registry knows it; "csv:train.csv" and "mnist:DIR" name the place as well
  std::string data_dir{};  // the folder of mnist or cifar10
  std::string file{};      // of csv, text and pt

  // The held-out part of csv, text and pt: this file, or else a fraction of `file` drawn with
  // `seed` (text: the end of each speaker's text), which training then leaves out.
  std::string test_file{};
  double test_fraction = 0.2;  // 0 <= f < 1
  std::uint64_t seed = 1;

  std::string label_column{};  // csv: its name, or number from 1; empty: the last column
  std::string key_column{};    // csv: the column that says who owns the example; empty: nobody
  // Csv: the names of the classes in their order; empty: those in `file`, sorted.
  std::vector<std::string> classes{};
  TargetChoice target = TargetChoice::kAuto;           // csv, pt
  Normalization normalization = Normalization::kNone;  // csv, pt

  std::size_t sequence_length = 80;  // text: characters of one example
  // Text: whose characters are the vocabulary; empty: those of `file`.
  std::string vocabulary_file{};

  std::uint64_t max_bytes = std::uint64_t{16} << 30;  // of any one file, inflated

  // All problems at once, separated by "; ". What depends on the data set,
  // DatasetRegistry::Validate checks.
  Status Validate() const;
};

// "none" or "standardize"; "auto", "class" or "real". kInvalidArgument names the words allowed.
Status ParseNormalization(std::string_view word, Normalization& out);
Status ParseTargetChoice(std::string_view word, TargetChoice& out);

}  // namespace fedge::data
