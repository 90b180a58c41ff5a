// Reads the input as each kind of data file: the first byte says which, the second how. What is
// accepted must be whole: every row can be gathered, and dealt out to clients.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "fedge/common/check.h"
#include "fedge/data/byte_source.h"
#include "fedge/data/dense_dataset.h"
#include "fedge/data/formats/cifar10.h"
#include "fedge/data/formats/csv_classes.h"
#include "fedge/data/formats/csv_table.h"
#include "fedge/data/formats/idx.h"
#include "fedge/data/formats/tensor_pair.h"
#include "fedge/data/formats/text_corpus.h"
#include "fedge/data/formats/vocabulary.h"
#include "fedge/data/partition/partition.h"

namespace fedge::data {
namespace {

constexpr std::uint64_t kMaxBytes = 8 << 20;

using Bytes = std::span<const std::byte>;

void GatherAll(const Dataset& dataset) {
  const DatasetInfo& info = dataset.info();
  std::vector<float> floats(info.feature_size());
  std::vector<std::int64_t> tokens(info.feature_size());
  std::vector<std::int64_t> classes(info.target_size());
  std::vector<float> reals(info.target_size());
  for (std::uint32_t i = 0; i < dataset.size(); ++i) {
    const std::array<std::uint32_t, 1> row{i};
    if (info.feature_type == FeatureType::kFloat) {
      dataset.GatherFloats(row, floats);
    } else {
      dataset.GatherTokens(row, tokens);
    }
    if (info.target_type == TargetType::kReal) {
      dataset.GatherReals(row, reals);
      continue;
    }
    dataset.GatherClasses(row, classes);
    for (const std::int64_t value : classes) FEDGE_CHECK(value >= 0 && value < info.num_classes);
  }
}

void Use(std::shared_ptr<DenseTable> table) {
  const auto dataset = MakeDenseDataset(std::move(table));
  if (!dataset.ok()) return;
  GatherAll(**dataset);
  for (const std::string_view spec : {"dirichlet:0.1", "by-key"}) {
    const auto partition = MakePartition(spec, **dataset, 2, 1);
    if (partition.ok()) FEDGE_CHECK(partition->size() == 2);
  }
}

void FuzzGzip(ByteSource source) {
  const auto all = source.ReadAll();
  if (all.ok()) FEDGE_CHECK(all->size() == source.offset() && source.AtEnd().value());
}

void FuzzIdx(ByteSource source, std::uint8_t how) {
  const auto array = ReadIdx(source, 1 + how % 4);
  if (!array.ok()) return;
  std::uint64_t count = 1;
  for (const std::int64_t extent : array->shape) count *= static_cast<std::uint64_t>(extent);
  FEDGE_CHECK(count == array->values.size());
}

void FuzzCifar(ByteSource source) {
  CifarRecords records;
  if (!AppendCifarRecords(source, records).ok()) return;
  FEDGE_CHECK(records.pixels.size() == records.classes.size() * 3072 && !records.classes.empty());
}

void FuzzCsv(ByteSource source, std::uint8_t how) {
  DatasetOptions options;
  if ((how & 1) != 0) options.target = TargetChoice::kReal;
  if ((how & 2) != 0) options.label_column = "1";
  if ((how & 4) != 0) options.key_column = "k";
  if ((how & 8) != 0) options.classes = {"a", "b"};
  auto csv = ReadCsvTable(source, options);
  if (!csv.ok()) return;
  auto table = std::make_shared<DenseTable>();
  table->info.feature_shape = {static_cast<std::int64_t>(csv->columns.num_features())};
  FEDGE_CHECK(csv->features.size() == csv->num_rows * csv->columns.num_features());
  if (options.target == TargetChoice::kReal) {
    table->info.target_type = TargetType::kReal;
    table->targets = Column<float>(std::move(csv->reals));
  } else {
    const auto map = ClassMap::Build(*csv, options.classes, "f");
    if (!map.ok()) return;
    auto classes = map->Map(*csv, "f");
    FEDGE_CHECK(classes.ok() || !options.classes.empty());
    if (!classes.ok()) return;
    table->info.num_classes = map->num_classes();
    table->targets = Column<std::int32_t>(std::move(*classes));
  }
  table->features = Column<float>(std::move(csv->features));
  table->keys = std::move(csv->keys);
  Use(std::move(table));
}

void FuzzText(ByteSource source) {
  const auto text = source.ReadAll();
  if (!text.ok()) return;
  const auto vocabulary = Vocabulary::Build(*text, "f");
  if (!vocabulary.ok()) return;
  FEDGE_CHECK(vocabulary->Check(*text, "f").ok());
  const std::size_t size = vocabulary->names().size();
  for (const SpeakerText& speaker : SplitSpeakers(*text)) {
    std::vector<std::uint16_t> tokens;
    vocabulary->Encode(speaker.text, tokens);
    FEDGE_CHECK(tokens.size() <= speaker.text.size());
    for (const std::uint16_t token : tokens) FEDGE_CHECK(token < size);
  }
}

void FuzzPair(Bytes bytes, std::uint8_t how) {
  auto archive = Archive::FromBytes(bytes, "f");
  if (!archive.ok()) return;
  DatasetOptions options;
  options.max_bytes = kMaxBytes;
  options.target = static_cast<TargetChoice>(how % 3);
  auto table = ReadTensorPair(std::make_shared<const Archive>(std::move(*archive)), options);
  // Nothing that is borrowed from the file has more than one byte per byte of it; views that repeat
  // bytes are copies, at most max_bytes long.
  if (table.ok()) Use(std::move(*table));
}

void Fuzz(std::uint8_t kind, std::uint8_t how, Bytes bytes) {
  if (kind % 6 == 5) return FuzzPair(bytes, how);
  auto source = ByteSource::FromBytes(bytes, "f");
  if (!source.ok()) return;
  source->set_limit(kMaxBytes);
  switch (kind % 6) {
    case 0:
      return FuzzGzip(std::move(*source));
    case 1:
      return FuzzIdx(std::move(*source), how);
    case 2:
      return FuzzCifar(std::move(*source));
    case 3:
      return FuzzCsv(std::move(*source), how);
    default:
      return FuzzText(std::move(*source));
  }
}

}  // namespace
}  // namespace fedge::data

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2) fedge::data::Fuzz(data[0], data[1], std::as_bytes(std::span(data + 2, size - 2)));
  return 0;
}
