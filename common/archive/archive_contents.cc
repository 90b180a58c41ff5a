#include "fedge/archive/archive_contents.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "fedge/archive/bytes.h"
#include "fedge/archive/inflate.h"
#include "fedge/archive/module_tree.h"
#include "fedge/archive/record_name.h"
#include "fedge/archive/unpickler.h"
#include "fedge/common/hash.h"

namespace fedge::internal {
namespace {

constexpr std::string_view kPickleRecord = "data.pkl";
// A record that is read whole when a file is opened may hold this much per byte of the file: no
// text that a writer deflates shrinks so far, and a small file can't ask for much memory.
constexpr std::uint64_t kMaxTextRatio = 64;

template <typename Items>
std::vector<std::uint32_t> SortedByName(const Items& items) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return items[a].name < items[b].name; });
  return order;
}

template <typename Items>
auto FindByName(const Items& items, const std::vector<std::uint32_t>& order, std::string_view name)
    -> decltype(items.data()) {
  const auto found = std::lower_bound(
      order.begin(), order.end(), name,
      [&](std::uint32_t index, std::string_view key) { return items[index].name < key; });
  return found != order.end() && items[*found].name == name ? &items[*found] : nullptr;
}

std::string Describe(const RecordInfo& record) {
  return fmt::format("record '{}' at offset {}", PrintableName(record.name), record.header_offset);
}

Status CheckCrc(const RecordInfo& record, std::uint32_t crc) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return OkStatus();  // else a fuzzer gets no further
#endif
  if (crc == record.crc32) return OkStatus();
  return DataLoss("{}: its CRC is {:08x}, the directory says {:08x}: the file is damaged",
                  Describe(record), crc, record.crc32);
}

// All records lie in one folder, which entry 0 names; PyTorch's reader takes it from there too.
Status ListRecords(ArchiveContents& contents) {
  const auto& entries = contents.directory.entries;
  if (entries.empty())
    return InvalidArgument("is not a TorchScript archive: it is an empty zip file");
  const std::string_view root = entries[0].name.substr(0, entries[0].name.find('/') + 1);
  for (const ZipEntry& entry : entries) {
    if (root.empty() || !entry.name.starts_with(root)) {
      return InvalidArgument(
          "is not a TorchScript archive: record '{}' at offset {} is not in one folder with the "
          "rest",
          PrintableName(entry.name), entry.header_offset);
    }
    if (entry.name.ends_with('/')) continue;  // a folder
    contents.records.push_back({.name = std::string(entry.name.substr(root.size())),
                                .size = entry.size,
                                .stored_size = entry.stored_size,
                                .crc32 = entry.crc32,
                                .deflated = entry.method == kMethodDeflated,
                                .header_offset = entry.header_offset,
                                .data_offset = entry.data_offset});
  }
  contents.records_by_name = SortedByName(contents.records);
  return OkStatus();
}

Result<std::string> ReadText(const FileBytes& file, const RecordInfo& record) {
  if (record.size / kMaxTextRatio > record.stored_size) {
    return DataLoss("{}: {} deflated bytes that hold {} are no text", Describe(record),
                    record.stored_size, record.size);
  }
  return ReadRecord(file, record);
}

Status CheckByteOrder(const FileBytes& file, const ArchiveContents& contents) {
  const RecordInfo* record = contents.FindRecord("byteorder");
  if (record == nullptr) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const std::string order, ReadText(file, *record));
  if (order == "little") return OkStatus();
  return Unimplemented("{}: byte order '{}' is not supported; it must be 'little'",
                       Describe(*record), PrintableName(order));
}

// The records of the pickle's storages, in the order of the directory; tensors then refer to that
// order.
Status ListStorages(const Pickle& pickle, ArchiveContents& contents) {
  std::vector<std::pair<std::size_t, std::size_t>>
      order;  // index among the records, index in the pickle
  for (std::size_t i = 0; i < pickle.storages.size(); ++i) {
    const PickleStorage& storage = pickle.storages[i];
    const RecordInfo* record = contents.FindRecord(fmt::format("data/{}", storage.key));
    if (record == nullptr)
      return DataLoss("record 'data/{}' is missing", PrintableName(storage.key));
    const std::uint64_t element = DTypeSize(storage.dtype);
    if (record->size % element != 0 || record->size / element != storage.num_elements) {
      return DataLoss("{}: holds {} bytes, yet its tensors need {} of {}", Describe(*record),
                      record->size, storage.num_elements, DTypeName(storage.dtype));
    }
    order.emplace_back(static_cast<std::size_t>(record - contents.records.data()), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> position(order.size());
  for (const auto& [record_index, pickle_index] : order) {
    const RecordInfo& record = contents.records[record_index];
    position[pickle_index] = contents.storages.size();
    contents.storages.push_back({.record = record.name,
                                 .dtype = pickle.storages[pickle_index].dtype,
                                 .num_elements = pickle.storages[pickle_index].num_elements,
                                 .crc32 = record.crc32,
                                 .deflated = record.deflated,
                                 .file_offset = record.data_offset});
  }
  for (TensorInfo& tensor : contents.tensors) tensor.storage = position[tensor.storage];
  return OkStatus();
}

Status ReadTensors(const FileBytes& file, ArchiveContents& contents) {
  const RecordInfo* record = contents.FindRecord(kPickleRecord);
  if (record == nullptr) {
    return InvalidArgument(
        "is not a TorchScript archive: it has no record '{}'; write it with torch.jit.save",
        kPickleRecord);
  }
  FEDGE_ASSIGN_OR_RETURN(const std::string bytes, ReadText(file, *record));
  auto pickle = Unpickle(bytes);
  if (!pickle.ok()) return std::move(pickle).status().WithContext(Describe(*record));
  const ReadCode read_code = [&](const std::string& name) -> Result<std::string> {
    const RecordInfo* code = contents.FindRecord(name);
    if (code == nullptr) return NotFound("there is no record '{}'", PrintableName(name));
    return ReadText(file, *code);
  };
  auto tensors = ListTensors(*pickle, read_code);
  if (!tensors.ok()) return std::move(tensors).status().WithContext(Describe(*record));
  contents.tensors = std::move(tensors).value();
  contents.tensors_by_name = SortedByName(contents.tensors);
  return ListStorages(*pickle, contents);
}

}  // namespace

const RecordInfo* ArchiveContents::FindRecord(std::string_view name) const {
  return FindByName(records, records_by_name, name);
}

const TensorInfo* ArchiveContents::FindTensor(std::string_view name) const {
  return FindByName(tensors, tensors_by_name, name);
}

Result<ArchiveContents> ReadContents(const FileBytes& file) {
  ArchiveContents contents;
  FEDGE_ASSIGN_OR_RETURN(contents.directory, ReadZipDirectory(file));
  FEDGE_RETURN_IF_ERROR(ListRecords(contents));
  FEDGE_RETURN_IF_ERROR(CheckByteOrder(file, contents));
  FEDGE_RETURN_IF_ERROR(ReadTensors(file, contents));
  contents.is_module = contents.FindRecord("constants.pkl") != nullptr;
  return contents;
}

Status CheckRecord(const FileBytes& file, const RecordInfo& record) {
  if (record.deflated) return ReadRecord(file, record).status();
  std::uint32_t crc = 0;
  FEDGE_RETURN_IF_ERROR(
      file.ForEachPiece(record.data_offset, record.size, [&crc](std::span<const std::byte> piece) {
        crc = Crc32(piece, crc);
        return OkStatus();
      }));
  return CheckCrc(record, crc);
}

Result<std::string> ReadRecord(const FileBytes& file, const RecordInfo& record) {
  FEDGE_ASSIGN_OR_RETURN(std::string content, file.Read(record.data_offset, record.stored_size));
  if (record.deflated) {
    const std::string stored = std::exchange(content, std::string(record.size, '\0'));
    const Status status = Inflate(AsBytes(stored), std::as_writable_bytes(std::span(content)));
    if (!status.ok()) return status.WithContext(Describe(record));
  }
  FEDGE_RETURN_IF_ERROR(CheckCrc(record, Crc32(AsBytes(content))));
  return content;
}

}  // namespace fedge::internal
