#include "fedge/archive/pickle_globals.h"

#include <algorithm>
#include <array>

#include "fedge/archive/record_name.h"

namespace fedge::internal {
namespace {

struct Known {
  std::string_view module;
  std::string_view name;
  GlobalRole role;
};

constexpr std::array kKnown = std::to_array<Known>({
    {"torch._utils", "_rebuild_tensor_v2", GlobalRole::kRebuildTensor},
    {"torch._utils", "_rebuild_parameter", GlobalRole::kRebuildParameter},
    {"torch._tensor", "_rebuild_from_type_v2", GlobalRole::kRebuildFromType},
    {"torch.jit._pickle", "build_intlist", GlobalRole::kTypedList},
    {"torch.jit._pickle", "build_tensorlist", GlobalRole::kTypedList},
    {"torch.jit._pickle", "build_doublelist", GlobalRole::kTypedList},
    {"torch.jit._pickle", "build_boollist", GlobalRole::kTypedList},
    {"torch.jit._pickle", "restore_type_tag", GlobalRole::kTypeTag},
    {"collections", "OrderedDict", GlobalRole::kOrderedDict},
    {"torch", "device", GlobalRole::kOpaque},
    {"torch", "Size", GlobalRole::kOpaque},
    {"torch", "Tensor", GlobalRole::kOpaque},
    {"torch.nn.parameter", "Parameter", GlobalRole::kOpaque},
    {"builtins", "complex", GlobalRole::kOpaque},
    {"__builtin__", "complex", GlobalRole::kOpaque},
    {"builtins", "set", GlobalRole::kOpaque},
    {"__builtin__", "set", GlobalRole::kOpaque},
    {"_codecs", "encode", GlobalRole::kOpaque},
});

struct StorageType {
  std::string_view name;
  DType dtype;
};

constexpr std::array kStorageTypes = std::to_array<StorageType>({
    {"DoubleStorage", DType::kFloat64},
    {"FloatStorage", DType::kFloat32},
    {"HalfStorage", DType::kFloat16},
    {"BFloat16Storage", DType::kBFloat16},
    {"LongStorage", DType::kInt64},
    {"IntStorage", DType::kInt32},
    {"ShortStorage", DType::kInt16},
    {"CharStorage", DType::kInt8},
    {"ByteStorage", DType::kUInt8},
    {"BoolStorage", DType::kBool},
});

// "float32", "int64" ... as torch.save writes a dtype that is a value of its own.
bool IsDTypeName(std::string_view name) {
  constexpr std::array<std::string_view, 6> kStems = {"float", "bfloat",  "int",
                                                      "uint",  "complex", "bool"};
  return std::any_of(kStems.begin(), kStems.end(), [&](std::string_view stem) {
    return name.starts_with(stem) &&
           std::all_of(
               name.begin() + static_cast<std::ptrdiff_t>(stem.size()), name.end(),
               [](char c) { return (c >= '0' && c <= '9') || c == '_' || (c >= 'a' && c <= 'z'); });
  });
}

}  // namespace

Result<PickleGlobal> LookUpGlobal(std::string_view module, std::string_view name) {
  PickleGlobal global{.module = module, .name = name, .role = GlobalRole::kOpaque, .dtype = {}};
  if (module == "__torch__" || module.starts_with("__torch__.")) {
    global.role = GlobalRole::kScriptClass;
    return global;
  }
  for (const Known& known : kKnown) {
    if (known.module != module || known.name != name) continue;
    global.role = known.role;
    return global;
  }
  if (module == "torch" && name.ends_with("Storage")) {
    global.role = GlobalRole::kStorageType;
    for (const StorageType& type : kStorageTypes) {
      if (type.name == name) global.dtype = type.dtype;
    }
    return global;
  }
  if (module == "torch" && IsDTypeName(name)) return global;
  if ((module == "torch._utils" && name.starts_with("_rebuild_")) || module == "torch.storage") {
    return Unimplemented(
        "tensors of this kind ('{}.{}': quantized, sparse or of an unusual type) are not supported",
        module, PrintableName(name));
  }
  if (module.starts_with("torch.nn") || module == "__main__") {
    return InvalidArgument(
        "'{}.{}' is a Python object, not TorchScript; save it with "
        "torch.jit.script(model).save(path)",
        PrintableName(module), PrintableName(name));
  }
  return InvalidArgument("the global '{}.{}' is not one that a model needs", PrintableName(module),
                         PrintableName(name));
}

}  // namespace fedge::internal
