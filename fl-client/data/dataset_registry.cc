#include "fedge/data/dataset_registry.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "fedge/common/check.h"
#include "fedge/data/formats/formats.h"

namespace fedge::data {
namespace {

// "csv:train.csv" into its name and its place.
std::pair<std::string_view, std::string_view> SplitName(std::string_view name) {
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos) return {name, {}};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

// The options with a place in the name moved to where it belongs.
DatasetOptions Resolve(const DatasetOptions& options, DatasetFormat::Place place) {
  DatasetOptions resolved = options;
  const auto [name, where] = SplitName(options.name);
  resolved.name = std::string(name);
  std::string& target = place == DatasetFormat::Place::kFile ? resolved.file : resolved.data_dir;
  if (!where.empty()) target = std::string(where);
  return resolved;
}

std::string PlaceProblem(const DatasetOptions& options, DatasetFormat::Place place) {
  switch (place) {
    case DatasetFormat::Place::kEmbedded:
      if (options.data_dir.empty() && options.file.empty()) return {};
      return fmt::format("is built in and reads no file; leave '{}{}' out", options.data_dir,
                         options.file);
    case DatasetFormat::Place::kFolder:
      if (!options.file.empty())
        return fmt::format("reads a folder, not the file '{}'; give its folder", options.file);
      return options.data_dir.empty() ? "needs the folder of its files (--data-dir)" : "";
    case DatasetFormat::Place::kFile:
      if (!options.data_dir.empty()) {
        return fmt::format("reads a file, not the folder '{}'; give the file (--data-file)",
                           options.data_dir);
      }
      return options.file.empty() ? "needs a file (--data-file)" : "";
  }
  return {};
}

}  // namespace

void DatasetRegistry::Register(const DatasetFormat& format) {
  FEDGE_CHECK(!Find(format.name).ok());
  formats_.push_back(format);
}

Result<DatasetFormat> DatasetRegistry::Find(std::string_view name) const {
  std::vector<std::string_view> known;
  for (const DatasetFormat& format : formats_) {
    if (format.name == name) return format;
    known.push_back(format.name);
  }
  return NotFound("data set '{}' is unknown; known: {}", name, fmt::join(known, ", "));
}

std::string DatasetRegistry::Help() const {
  std::string help;
  for (const DatasetFormat& format : formats_)
    help += fmt::format("{:<8} {}\n", format.name, format.summary);
  return help;
}

Status DatasetRegistry::Validate(const DatasetOptions& options) const {
  const auto [name, where] = SplitName(options.name);
  auto found = Find(name);
  if (!found.ok()) return InvalidArgument("data: {}", found.status().message());
  if (!where.empty() && !(options.data_dir.empty() && options.file.empty())) {
    return InvalidArgument("data: {}: the place is given twice: '{}' and '{}{}'", name, where,
                           options.data_dir, options.file);
  }
  const DatasetOptions resolved = Resolve(options, found->place);
  const std::string place = PlaceProblem(resolved, found->place);
  const Status rest = resolved.Validate();
  if (place.empty() && rest.ok()) return OkStatus();
  const std::string_view separator = place.empty() || rest.ok() ? "" : "; ";
  return InvalidArgument("data: {}: {}{}{}", name, place, separator, rest.message());
}

Result<DatasetSplits> DatasetRegistry::LoadSplits(const DatasetOptions& options,
                                                  Split split) const {
  FEDGE_RETURN_IF_ERROR(Validate(options));
  const auto [name, where] = SplitName(options.name);
  FEDGE_ASSIGN_OR_RETURN(const DatasetFormat format, Find(name));
  auto loaded = format.load(Resolve(options, format.place), split);
  if (!loaded.ok()) return loaded.status().WithContext(fmt::format("data: {}", name));
  return loaded;
}

Result<std::shared_ptr<const Dataset>> DatasetRegistry::Load(const DatasetOptions& options,
                                                             Split split) const {
  FEDGE_CHECK(split != Split::kBoth);
  FEDGE_ASSIGN_OR_RETURN(DatasetSplits loaded, LoadSplits(options, split));
  return split == Split::kTrain ? std::move(loaded.train) : std::move(loaded.test);
}

DatasetRegistry BuiltinDatasets() {
  DatasetRegistry registry;
  registry.Register(kDigits);
  registry.Register(kMnist);
  registry.Register(kCifar10);
  registry.Register(kText);
  registry.Register(kCsv);
  registry.Register(kPt);
  return registry;
}

}  // namespace fedge::data
