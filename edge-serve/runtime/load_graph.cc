#include "fedge/engine/load_graph.h"

#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "fedge/archive/archive_contents.h"
#include "fedge/archive/record_name.h"
#include "fedge/engine/aligned_buffer.h"

namespace fedge::internal {
namespace {

// Bytes from the first to the last element of a view, or nullopt if that overflows. Sizes are
// those of a valid program.
std::optional<std::uint64_t> ExtentBytes(const Value& value) {
  std::uint64_t last = 0;
  for (std::size_t d = 0; d < value.shape.size(); ++d) {
    const auto size = static_cast<std::uint64_t>(value.shape[d].base);
    std::uint64_t reach = 0;
    if (size == 0) return 0;
    if (__builtin_mul_overflow(size - 1, static_cast<std::uint64_t>(value.constant->strides[d]),
                               &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(last + 1, DTypeSize(value.dtype), &bytes)) return std::nullopt;
  return bytes;
}

// The records of one archive as constants, each once.
class Records {
 public:
  explicit Records(std::shared_ptr<const Archive> archive) : archive_(std::move(archive)) {}

  Result<StoredTensor> View(const Value& value) {
    FEDGE_ASSIGN_OR_RETURN(const Entry* entry, Find(value.constant->record));
    const std::uint64_t offset = value.constant->byte_offset;
    const auto extent = ExtentBytes(value);
    const std::uint64_t size = entry->info->size;
    if (!extent.has_value() || offset > size || *extent > size - offset) {
      return InvalidArgument("lies behind the end of '{}', which has {} bytes",
                             PrintableName(value.constant->record), size);
    }
    if (offset % DTypeSize(value.dtype) != 0) {
      return InvalidArgument("lies at byte {}, between two elements", offset);
    }
    return StoredTensor{entry->constant, static_cast<std::size_t>(offset), value.constant->strides};
  }

 private:
  struct Entry {
    const RecordInfo* info = nullptr;
    std::shared_ptr<const Constant> constant;
  };

  Result<const Entry*> Find(const std::string& name) {
    Entry& entry = entries_[name];
    if (entry.info != nullptr) return &entry;
    const RecordInfo* info = archive_->FindRecord(name);
    if (info == nullptr)
      return InvalidArgument("is of record '{}', which is not there", PrintableName(name));
    FEDGE_ASSIGN_OR_RETURN(entry.constant, Load(*info));
    entry.info = info;
    return &entry;
  }

  Result<std::shared_ptr<const Constant>> Load(const RecordInfo& info) {
    if (info.deflated) {
      return std::make_shared<const Constant>(
          info.size, [archive = archive_, name = info.name]() -> Result<Constant::Bytes> {
            FEDGE_ASSIGN_OR_RETURN(std::string content, archive->ReadRecord(name));
            const auto kept = std::make_shared<const std::string>(std::move(content));
            return Constant::Bytes(kept, reinterpret_cast<const std::byte*>(kept->data()));
          });
    }
    const std::span<const std::byte> bytes =
        archive_->bytes().subspan(info.data_offset, info.stored_size);
    // Tensors' records are covered by their digests; others are small.
    if (info.name.starts_with("extra/")) FEDGE_RETURN_IF_ERROR(CheckRecord(archive_->file(), info));
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(double) == 0) {
      return std::make_shared<const Constant>(bytes.data());
    }
    // A general zip tool wrote the file.
    return std::make_shared<const Constant>(
        bytes.size(), [archive = archive_, bytes]() -> Result<Constant::Bytes> {
          const auto copy = AllocateAligned(bytes.size());
          std::memcpy(copy.get(), bytes.data(), bytes.size());
          return Constant::Bytes(copy);
        });
  }

  const std::shared_ptr<const Archive> archive_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace

Result<Graph> LoadGraph(const Program& program, std::shared_ptr<const Archive> archive) {
  Graph graph;
  Records records(std::move(archive));
  for (const Value& value : program.values) {
    GraphValue loaded{value.name, value.dtype, value.shape, std::nullopt};
    if (value.constant.has_value()) {
      auto stored = records.View(value);
      if (!stored.ok()) {
        return std::move(stored).status().WithContext(
            fmt::format("constant '{}'", PrintableName(value.name)));
      }
      loaded.constant = std::move(stored).value();
    }
    graph.values.push_back(std::move(loaded));
  }
  for (const Node& node : program.nodes) graph.nodes.push_back({node, {}, false});
  graph.inputs = program.inputs;
  graph.outputs = program.outputs;
  return graph;
}

}  // namespace fedge::internal
