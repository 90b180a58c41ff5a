#include <limits>
#include <utility>

#include "fedge/archive/record_name.h"
#include "fedge/archive/unpickler.h"

// The storages and tensors of the unpickler.
namespace fedge::internal {
namespace {

constexpr std::size_t kMaxDimensions = 64;

// Whether every element of the view lies in a storage of so many elements, without overflow.
bool ViewFits(const PickleTensor& tensor, std::uint64_t num_elements) {
  std::uint64_t count = 1;
  std::uint64_t last = tensor.offset;
  bool empty = false;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] < 0 || tensor.strides[i] < 0) return false;
    empty = empty || tensor.shape[i] == 0;
  }
  if (empty) return tensor.offset <= num_elements;
  bool fits = true;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const auto size = static_cast<std::uint64_t>(tensor.shape[i]);
    const auto stride = static_cast<std::uint64_t>(tensor.strides[i]);
    std::uint64_t reach = 0;
    fits = fits && !__builtin_mul_overflow(count, size, &count) &&
           !__builtin_mul_overflow(size - 1, stride, &reach) &&
           !__builtin_add_overflow(last, reach, &last);
  }
  // An expanded view repeats elements; more of them than can be addressed is no tensor.
  return fits && count <= std::numeric_limits<std::int64_t>::max() / 8 && last < num_elements;
}

}  // namespace

Status Unpickler::PersistentId() {
  FEDGE_ASSIGN_OR_RETURN(const PickleValue id, Pop());
  if (id.kind != PickleKind::kTuple || pickle_.containers[id.index].size() != 5) {
    return DataLoss("a persistent id is no storage");
  }
  // ('storage', torch.FloatStorage, key, location, number of elements)
  const auto& parts = pickle_.containers[id.index];
  if (parts[0].kind != PickleKind::kString || pickle_.Text(parts[0]) != "storage" ||
      parts[1].kind != PickleKind::kGlobal ||
      pickle_.globals[parts[1].index].role != GlobalRole::kStorageType ||
      parts[2].kind != PickleKind::kString || parts[4].kind != PickleKind::kInt ||
      parts[4].number < 0) {
    return DataLoss("a persistent id is no storage");
  }
  const PickleGlobal& type = pickle_.globals[parts[1].index];
  if (!type.dtype.has_value()) {
    return Unimplemented("storage '{}' is a '{}.{}', which is not supported",
                         PrintableName(pickle_.Text(parts[2])), type.module,
                         PrintableName(type.name));
  }
  FEDGE_ASSIGN_OR_RETURN(
      const std::uint32_t index,
      FindOrAddStorage({.key = pickle_.Text(parts[2]),
                        .dtype = *type.dtype,
                        .num_elements = static_cast<std::uint64_t>(parts[4].number)}));
  stack_.push_back({.kind = PickleKind::kStorage, .index = index, .number = 0});
  return OkStatus();
}

Result<std::uint32_t> Unpickler::FindOrAddStorage(const PickleStorage& storage) {
  const auto [found, added] =
      storage_of_key_.emplace(storage.key, static_cast<std::uint32_t>(pickle_.storages.size()));
  if (added) {
    pickle_.storages.push_back(storage);
    return found->second;
  }
  const PickleStorage& first = pickle_.storages[found->second];
  if (first.dtype != storage.dtype || first.num_elements != storage.num_elements) {
    return Unimplemented(
        "storage '{}' is seen as {} {} and as {} {}; views of other types are not supported",
        PrintableName(storage.key), first.num_elements, DTypeName(first.dtype),
        storage.num_elements, DTypeName(storage.dtype));
  }
  return found->second;
}

// (storage, offset, sizes, strides, requires_grad, hooks[, metadata])
Result<PickleValue> Unpickler::RebuildTensor(const std::vector<PickleValue>& arguments) {
  if (arguments.size() < 6 || arguments[0].kind != PickleKind::kStorage ||
      arguments[1].kind != PickleKind::kInt || arguments[1].number < 0 ||
      arguments[4].kind != PickleKind::kBool) {
    return DataLoss("a tensor's description is malformed");
  }
  if (arguments.size() > 6 && arguments[6].kind == PickleKind::kDict &&
      !pickle_.containers[arguments[6].index].empty()) {
    return Unimplemented("a tensor with a pending conjugation or negation is not supported");
  }
  PickleTensor tensor{.storage = arguments[0].index,
                      .offset = static_cast<std::uint64_t>(arguments[1].number),
                      .shape = {},
                      .strides = {},
                      .requires_grad = arguments[4].number != 0};
  FEDGE_ASSIGN_OR_RETURN(tensor.shape, Integers(arguments[2]));
  FEDGE_ASSIGN_OR_RETURN(tensor.strides, Integers(arguments[3]));
  const PickleStorage& storage = pickle_.storages[tensor.storage];
  if (tensor.shape.size() != tensor.strides.size() || !ViewFits(tensor, storage.num_elements)) {
    return DataLoss(
        "a tensor [{}] with strides [{}] at element {} reaches past storage '{}' of {} elements",
        fmt::join(tensor.shape, ", "), fmt::join(tensor.strides, ", "), tensor.offset,
        PrintableName(storage.key), storage.num_elements);
  }
  pickle_.tensors.push_back(std::move(tensor));
  return PickleValue{.kind = PickleKind::kTensor,
                     .index = static_cast<std::uint32_t>(pickle_.tensors.size() - 1),
                     .number = 0};
}

Result<std::vector<std::int64_t>> Unpickler::Integers(const PickleValue& tuple) const {
  if (tuple.kind != PickleKind::kTuple) return DataLoss("a tensor's sizes are no tuple");
  const auto& items = pickle_.containers[tuple.index];
  if (items.size() > kMaxDimensions) return DataLoss("a tensor has {} dimensions", items.size());
  std::vector<std::int64_t> numbers;
  numbers.reserve(items.size());
  for (const PickleValue& item : items) {
    if (item.kind != PickleKind::kInt) return DataLoss("a tensor's sizes are no integers");
    numbers.push_back(item.number);
  }
  return numbers;
}

// (tensor, requires_grad, hooks)
Result<PickleValue> Unpickler::RebuildParameter(const std::vector<PickleValue>& arguments) {
  if (arguments.size() != 3 || arguments[0].kind != PickleKind::kTensor ||
      arguments[1].kind != PickleKind::kBool) {
    return DataLoss("a parameter's description is malformed");
  }
  PickleTensor tensor = pickle_.tensors[arguments[0].index];
  tensor.requires_grad = arguments[1].number != 0;
  pickle_.tensors.push_back(std::move(tensor));
  return PickleValue{.kind = PickleKind::kTensor,
                     .index = static_cast<std::uint32_t>(pickle_.tensors.size() - 1),
                     .number = 0};
}

// (function, type, arguments, state): a tensor with attributes of its own.
Result<PickleValue> Unpickler::RebuildFromType(const std::vector<PickleValue>& arguments) {
  if (arguments.size() != 4 || arguments[0].kind != PickleKind::kGlobal ||
      arguments[2].kind != PickleKind::kTuple ||
      pickle_.globals[arguments[0].index].role != GlobalRole::kRebuildTensor) {
    return DataLoss("a tensor's description is malformed");
  }
  return RebuildTensor(pickle_.containers[arguments[2].index]);
}

}  // namespace fedge::internal
