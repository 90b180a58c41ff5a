#include "fedge/archive/manifest.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace fedge {
namespace {

constexpr std::uint64_t kPayloadAlignment = 8;

// Whether a tensor's storage is part of an update.
bool Takes(const TensorInfo& tensor) {
  return tensor.trainable() || tensor.kind == TensorKind::kBuffer;
}

MergeRule RuleOf(const StorageInfo& storage) {
  if (IsFloatingPoint(storage.dtype)) return MergeRule::kAverageDelta;
  if (storage.num_elements == 1 && storage.dtype != DType::kBool) return MergeRule::kMaximum;
  return MergeRule::kMustBeEqual;
}

// Appends values to a digest so that no two sequences of them look the same.
class StructureHash {
 public:
  void Add(std::uint64_t value) {
    std::array<std::byte, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::byte>((value >> (8 * i)) & 255);
    hash_.Update(bytes);
  }
  void Add(std::string_view text) {
    Add(text.size());
    hash_.Update(AsBytes(text));
  }
  void Add(const std::vector<std::int64_t>& numbers) {
    Add(numbers.size());
    for (const std::int64_t number : numbers) Add(static_cast<std::uint64_t>(number));
  }
  Digest Finish() { return hash_.Finish(); }

 private:
  Sha256 hash_;
};

void AddTensors(const Archive& archive, StructureHash& hash) {
  hash.Add(archive.storages().size());
  for (const StorageInfo& storage : archive.storages()) {
    hash.Add(DTypeName(storage.dtype));
    hash.Add(storage.num_elements);
  }
  hash.Add(archive.tensors().size());
  for (const TensorInfo& tensor : archive.tensors()) {
    hash.Add(tensor.name);
    hash.Add(static_cast<std::uint64_t>(tensor.kind));
    hash.Add(tensor.shape);
    hash.Add(tensor.strides);
    hash.Add(tensor.storage);
    hash.Add(tensor.storage_offset);
    hash.Add(tensor.requires_grad ? 1U : 0U);
  }
}

// Source by content, constants by checksum. Debug information is left out: it names files of the
// machine that wrote it.
Status AddCode(const Archive& archive, StructureHash& hash) {
  std::vector<const RecordInfo*> records;
  for (const RecordInfo& record : archive.records()) {
    const bool code = record.name.starts_with("code/") && record.name.ends_with(".py");
    if (code || record.name.starts_with("constants")) records.push_back(&record);
  }
  std::sort(records.begin(), records.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  hash.Add(records.size());
  for (const RecordInfo* record : records) {
    hash.Add(record->name);
    if (record->name.starts_with("code/")) {
      FEDGE_ASSIGN_OR_RETURN(const std::string source, archive.ReadRecord(record->name));
      hash.Add(source);
    } else {
      hash.Add(record->size);
      hash.Add(record->crc32);
    }
  }
  return OkStatus();
}

std::uint64_t CountParameters(const Archive& archive) {
  using View =
      std::tuple<std::size_t, std::uint64_t, std::vector<std::int64_t>, std::vector<std::int64_t>>;
  std::set<View> seen;
  std::uint64_t count = 0;
  for (const TensorInfo& tensor : archive.tensors()) {
    if (tensor.kind != TensorKind::kParameter) continue;
    if (seen.emplace(tensor.storage, tensor.storage_offset, tensor.shape, tensor.strides).second) {
      count += tensor.num_elements();
    }
  }
  return count;
}

}  // namespace

Result<Manifest> BuildManifest(const Archive& archive) {
  if (!archive.is_module()) {
    return FailedPrecondition(
        "{}: is a torch.save of tensors, not a TorchScript module; write it with torch.jit.save",
        archive.path());
  }
  std::vector<const TensorInfo*> first(archive.storages().size());
  bool trainable = false;
  for (const TensorInfo& tensor : archive.tensors()) {
    if (!Takes(tensor)) continue;
    trainable = trainable || (tensor.trainable() && tensor.num_elements() > 0);
    if (first[tensor.storage] == nullptr) first[tensor.storage] = &tensor;
  }
  if (!trainable) {
    return FailedPrecondition(
        "{}: has no trainable floating-point parameter (frozen models have none, and "
        "torch.jit.freeze removes them)",
        archive.path());
  }
  Manifest manifest;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const StorageInfo& storage = archive.storages()[i];
    if (first[i] == nullptr || storage.num_elements == 0) continue;
    manifest.entries.push_back({.storage = i,
                                .dtype = storage.dtype,
                                .num_elements = storage.num_elements,
                                .payload_offset = manifest.payload_bytes,
                                .rule = RuleOf(storage),
                                .tensor = first[i]->name});
    const std::uint64_t end = manifest.payload_bytes + storage.num_bytes();
    manifest.payload_bytes = (end + kPayloadAlignment - 1) / kPayloadAlignment * kPayloadAlignment;
  }
  manifest.num_parameters = CountParameters(archive);
  StructureHash hash;
  AddTensors(archive, hash);
  FEDGE_RETURN_IF_ERROR(AddCode(archive, hash));
  manifest.structure = hash.Finish();
  return manifest;
}

}  // namespace fedge
