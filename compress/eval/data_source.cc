#include "fedge/compress_eval/data_source.h"

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "fedge/data/dataset_registry.h"
#include "fedge/data/options.h"

namespace fedge {
namespace {

using data::DatasetFormat;

// "test.csv" as "csv:test.csv".
std::string WithName(const std::string& place) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kEndings = {
      {{".csv", "csv"}, {".pt", "pt"}, {".txt", "text"}}};
  std::filesystem::path path(place);
  if (path.extension() == ".gz") path.replace_extension();
  for (const auto& [ending, name] : kEndings) {
    const bool named = place.starts_with(std::string(name) + ":");
    if (path.extension() == ending && !named) return fmt::format("{}:{}", name, place);
  }
  return place;
}

data::DatasetOptions Options(const DataSource& source) {
  data::DatasetOptions options;
  options.name = WithName(source.place);
  options.label_column = source.label_column;
  options.classes = source.classes;
  options.vocabulary_file = source.vocabulary;
  options.sequence_length = source.sequence_length;
  options.test_fraction = 0;  // of a file: all of it is for the test
  return options;
}

}  // namespace

Status DataSource::Validate() const { return data::BuiltinDatasets().Validate(Options(*this)); }

Result<std::shared_ptr<const data::Dataset>> DataSource::LoadTest() const {
  const data::DatasetOptions options = Options(*this);
  const data::DatasetRegistry registry = data::BuiltinDatasets();
  FEDGE_ASSIGN_OR_RETURN(const DatasetFormat format,
                         registry.Find(options.name.substr(0, options.name.find(':'))));
  const bool file = format.place == DatasetFormat::Place::kFile;
  return registry.Load(options, file ? data::Split::kTrain : data::Split::kTest);
}

}  // namespace fedge
