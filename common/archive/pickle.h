#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fedge/tensor/dtype.h"

// What a restricted reading of a pickle gives: plain values, never code that runs. Everything is an
// index into a table of Pickle, so that values that share or contain each other need no ownership.
namespace fedge::internal {

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,     // number
  kInt,      // number
  kString,   // Pickle::text
  kGlobal,   // index of Pickle::globals
  kTuple,    // index of Pickle::containers: the elements
  kList,     // the same
  kDict,     // the same: key, value, key, value ...
  kObject,   // the same: the class (kGlobal), then the state once it is there
  kStorage,  // index of Pickle::storages
  kTensor,   // index of Pickle::tensors
  kOpaque,   // a value of no interest: a float, a device, bytes ...
  kMark,     // on the unpickler's stack only
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  std::uint32_t index = 0;  // kString: its length
  std::int64_t number = 0;  // kString: its offset in the pickle
};

// What calling a global means here.
enum class GlobalRole : std::uint8_t {
  kScriptClass,       // a class of the archive's own code
  kStorageType,       // torch.FloatStorage ...
  kRebuildTensor,     // torch._utils._rebuild_tensor_v2
  kRebuildParameter,  // torch._utils._rebuild_parameter
  kRebuildFromType,   // torch._tensor._rebuild_from_type_v2
  kTypedList,         // torch.jit._pickle.build_intlist ...
  kTypeTag,           // torch.jit._pickle.restore_type_tag
  kOrderedDict,
  kOpaque,  // torch.device, complex, set ...
};

struct PickleGlobal {
  std::string_view module;
  std::string_view name;
  GlobalRole role = GlobalRole::kOpaque;
  std::optional<DType> dtype;  // of a storage type that is supported
};

struct PickleStorage {
  std::string_view key;  // names the record
  DType dtype = DType::kFloat32;
  std::uint64_t num_elements = 0;
};

struct PickleTensor {
  std::uint32_t storage = 0;
  std::uint64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  bool requires_grad = false;
};

struct Pickle {
  std::string_view bytes;  // what the views of the tables point into
  std::vector<PickleGlobal> globals;
  std::vector<std::vector<PickleValue>> containers;
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;  // every view lies within its storage
  PickleValue root;

  std::string_view Text(const PickleValue& value) const {
    return bytes.substr(static_cast<std::size_t>(value.number), value.index);
  }
};

}  // namespace fedge::internal
