#include "fedge/archive/module_tree.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "fedge/archive/record_name.h"

namespace fedge::internal {
namespace {

constexpr std::size_t kMaxDepth = 100;
// A value that is shared is visited each time; so that sharing can't multiply without end, visits
// and the bytes of names stay within a factor of the pickle's size.
constexpr std::size_t kBudgetFactor = 64;
constexpr std::size_t kBudgetFloor = 64 << 10;
constexpr std::size_t kTensorCost = 32;

// The classes of the archive, read from `code/` when first asked for.
class Classes {
 public:
  Classes(const Pickle& pickle, const ReadCode& read_code)
      : pickle_(pickle), read_code_(read_code), of_global_(pickle.globals.size()) {}

  // Null for a class without lists: a script class, an interface. `global` is an index into the
  // pickle's.
  Result<const ClassHeader*> Find(std::uint32_t global) {
    std::optional<const ClassHeader*>& known = of_global_[global];
    if (!known.has_value()) {
      FEDGE_ASSIGN_OR_RETURN(known, Read(pickle_.globals[global]));
    }
    return *known;
  }

 private:
  Result<const ClassHeader*> Read(const PickleGlobal& type) {
    // C++ classes that are bound to TorchScript have no code.
    if (type.module.starts_with("__torch__.torch.classes")) return nullptr;
    const std::string record = CodeRecordOf(type.module);
    auto found = files_.find(record);
    if (found == files_.end()) {
      auto source = read_code_(record);
      if (!source.ok() && source.status().code() == StatusCode::kNotFound) {
        return DataLoss("class '{}.{}' has no code: record '{}' is missing",
                        PrintableName(type.module), PrintableName(type.name),
                        PrintableName(record));
      }
      if (!source.ok()) return std::move(source).status();
      found = files_.emplace(record, ParseClassHeaders(*source)).first;
    }
    const auto header = found->second.find(type.name);
    return header == found->second.end() ? nullptr : &header->second;
  }

  const Pickle& pickle_;
  const ReadCode& read_code_;
  std::vector<std::optional<const ClassHeader*>> of_global_;
  std::map<std::string, std::map<std::string, ClassHeader, std::less<>>> files_;
};

class Walker {
 public:
  Walker(const Pickle& pickle, const ReadCode& read_code)
      : pickle_(pickle),
        classes_(pickle, read_code),
        budget_(kBudgetFactor * pickle.bytes.size() + kBudgetFloor) {}

  Result<std::vector<TensorInfo>> Run() {
    if (pickle_.root.kind == PickleKind::kTensor) name_ = "0";
    FEDGE_RETURN_IF_ERROR(Visit(pickle_.root, TensorKind::kAttribute, 0));
    return std::move(tensors_);
  }

 private:
  Status Visit(const PickleValue& value, TensorKind kind, std::size_t depth) {
    if (depth > kMaxDepth)
      return InvalidArgument("'{}' is nested more than {} deep", Shown(), kMaxDepth);
    FEDGE_RETURN_IF_ERROR(Spend(1));
    switch (value.kind) {
      case PickleKind::kTensor:
        FEDGE_RETURN_IF_ERROR(Spend(kTensorCost + name_.size()));
        Add(pickle_.tensors[value.index], kind);
        return OkStatus();
      case PickleKind::kTuple:
      case PickleKind::kList:
        return VisitSequence(pickle_.containers[value.index], depth);
      case PickleKind::kDict:
        return VisitDict(pickle_.containers[value.index], nullptr, depth);
      case PickleKind::kObject:
        return VisitObject(pickle_.containers[value.index], depth);
      default:
        return OkStatus();
    }
  }

  Status VisitSequence(const std::vector<PickleValue>& items, std::size_t depth) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      FEDGE_RETURN_IF_ERROR(VisitChild(std::to_string(i), items[i], TensorKind::kAttribute, depth));
    }
    return OkStatus();
  }

  Status VisitDict(const std::vector<PickleValue>& items, const ClassHeader* header,
                   std::size_t depth) {
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleValue& key = items[i];
      if (key.kind == PickleKind::kString) {
        const std::string_view name = pickle_.Text(key);
        FEDGE_RETURN_IF_ERROR(VisitChild(name, items[i + 1], KindOf(name, header), depth));
      } else {
        const bool number = key.kind == PickleKind::kInt || key.kind == PickleKind::kBool;
        const std::string name = number ? std::to_string(key.number) : std::to_string(i / 2);
        FEDGE_RETURN_IF_ERROR(VisitChild(name, items[i + 1], TensorKind::kAttribute, depth));
      }
    }
    return OkStatus();
  }

  Status VisitObject(const std::vector<PickleValue>& object, std::size_t depth) {
    if (object.size() < 2) return OkStatus();
    const PickleValue& state = object[1];
    if (state.kind != PickleKind::kDict) return Visit(state, TensorKind::kAttribute, depth + 1);
    FEDGE_ASSIGN_OR_RETURN(const ClassHeader* header, classes_.Find(object[0].index));
    return VisitDict(pickle_.containers[state.index], header, depth);
  }

  Status VisitChild(std::string_view name, const PickleValue& value, TensorKind kind,
                    std::size_t depth) {
    const std::size_t parent = name_.size();
    if (parent != 0) name_.push_back('.');
    name_.append(name);
    Status status = Visit(value, kind, depth + 1);
    name_.resize(parent);
    return status;
  }

  static TensorKind KindOf(std::string_view name, const ClassHeader* header) {
    if (header == nullptr) return TensorKind::kAttribute;
    const auto has = [&](const std::vector<std::string>& names) {
      return std::binary_search(names.begin(), names.end(), name);
    };
    if (has(header->parameters)) return TensorKind::kParameter;
    return has(header->buffers) ? TensorKind::kBuffer : TensorKind::kAttribute;
  }

  void Add(const PickleTensor& tensor, TensorKind kind) {
    tensors_.push_back({.name = name_,
                        .kind = kind,
                        .dtype = pickle_.storages[tensor.storage].dtype,
                        .shape = tensor.shape,
                        .strides = tensor.strides,
                        .storage = tensor.storage,
                        .storage_offset = tensor.offset,
                        .requires_grad = tensor.requires_grad});
  }

  Status Spend(std::size_t cost) {
    if (cost > budget_)
      return InvalidArgument("'{}': values are shared too often to be named", Shown());
    budget_ -= cost;
    return OkStatus();
  }

  std::string Shown() const { return PrintableName(name_); }

  const Pickle& pickle_;
  Classes classes_;
  std::size_t budget_;
  std::string name_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace

Result<std::vector<TensorInfo>> ListTensors(const Pickle& pickle, const ReadCode& read_code) {
  return Walker(pickle, read_code).Run();
}

}  // namespace fedge::internal
