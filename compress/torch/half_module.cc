#include "fedge/compress_torch/half_module.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <caffe2/serialize/inline_container.h>
#include <caffe2/serialize/istream_adapter.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/common/hash.h"
#include "fedge/compress_torch/script_writer.h"
#include "fedge/learn/catch_torch.h"
#include "fedge/learn/dtypes.h"
#include "fedge/program/program_codec.h"

namespace fedge {
namespace {

constexpr double kLargestHalf = 65'504;
constexpr std::int64_t kAlignment = 64;  // bytes

// A constant's elements, in the archive or beside the program.
Result<at::Tensor> ReadConstant(const Archive& archive, const LoweredModel& model,
                                const Value& value) {
  std::span<const std::byte> bytes = AsBytes(model.constants);
  for (std::size_t i = 0; i < archive.storages().size(); ++i) {
    if (archive.storages()[i].record != value.constant->record) continue;
    FEDGE_ASSIGN_OR_RETURN(bytes, archive.StorageBytes(i));
  }
  auto* const data = const_cast<std::byte*>(bytes.data() + value.constant->byte_offset);
  return at::from_blob(data, At(value.shape, 1), value.constant->strides,
                       at::TensorOptions().dtype(ScalarTypeOf(value.dtype)))
      .clone();
}

// One storage for each dtype, filled one tensor behind the other.
class FlatStorage {
 public:
  void Add(const std::string& attribute, const at::Tensor& tensor) {
    const std::int64_t step = kAlignment / static_cast<std::int64_t>(tensor.itemsize());
    std::int64_t& size = sizes_[tensor.scalar_type()];
    entries_.push_back({attribute, tensor.contiguous(), size});
    size += (tensor.numel() + step - 1) / step * step;
  }

  void Register(torch::jit::Module& module) const {
    std::map<c10::ScalarType, at::Tensor> storages;
    for (const auto& [dtype, size] : sizes_) {
      storages.emplace(dtype, at::zeros({size}, at::TensorOptions().dtype(dtype)));
    }
    for (const Entry& entry : entries_) {
      const at::Tensor& storage = storages.at(entry.tensor.scalar_type());
      at::Tensor view =
          storage.narrow(0, entry.offset, entry.tensor.numel()).view(entry.tensor.sizes());
      view.copy_(entry.tensor);
      module.register_buffer(entry.attribute, view);
    }
  }

 private:
  struct Entry {
    std::string attribute;
    at::Tensor tensor;
    std::int64_t offset = 0;
  };
  std::map<c10::ScalarType, std::int64_t> sizes_;
  std::vector<Entry> entries_;
};

// "features.0.weight" as an attribute.
class AttributeNames {
 public:
  std::string Make(const std::string& name) {
    std::string attribute = name.empty() ? "constant" : name;
    for (char& c : attribute) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    if (std::isdigit(static_cast<unsigned char>(attribute[0])) != 0) attribute.insert(0, "_");
    std::string unique = attribute;
    for (int i = 2; !used_.insert(unique).second; ++i) unique = fmt::format("{}_{}", attribute, i);
    return unique;
  }

 private:
  std::set<std::string> used_ = {"forward", "training", "self", "train", "eval"};
};

std::string Literal(const at::Tensor& tensor) {
  if (tensor.scalar_type() == c10::kFloat) return internal::ScriptText(tensor.item().toDouble());
  if (tensor.scalar_type() == c10::kBool) return tensor.item().toBool() ? "True" : "False";
  return std::to_string(tensor.item().toLong());
}

bool HasLiteral(const at::Tensor& tensor) {
  return tensor.dim() == 0 &&
         (tensor.scalar_type() == c10::kFloat || tensor.scalar_type() == c10::kBool ||
          tensor.scalar_type() == c10::kLong);
}

WeightChange Compare(const at::Tensor& before, const at::Tensor& after) {
  const at::Tensor wanted = before.to(c10::kDouble);
  const at::Tensor error = after.to(c10::kDouble) - wanted;
  return {.bytes_after = after.nbytes(),
          .signal = (wanted * wanted).sum().item().toDouble(),
          .noise = (error * error).sum().item().toDouble(),
          .largest_error = after.numel() == 0 ? 0 : error.abs().max().item().toDouble()};
}

// What Module::save writes, without the records that only debuggers read.
std::string WithoutDebugRecords(const std::string& file) {
  std::istringstream in(file);
  caffe2::serialize::PyTorchStreamReader reader(
      std::make_unique<caffe2::serialize::IStreamAdapter>(&in));
  std::string out;
  caffe2::serialize::PyTorchStreamWriter writer([&out](const void* data, std::size_t size) {
    out.append(static_cast<const char*>(data), size);
    return size;
  });
  for (const std::string& name : reader.getAllRecords()) {
    if (name.ends_with(".debug_pkl") || name == "version" || name == ".data/serialization_id") {
      continue;
    }
    const auto [data, size] = reader.getRecord(name);
    const bool tensors = name.starts_with("data/") || name.starts_with("constants/");
    writer.writeRecord(name, data.get(), size, /*compress=*/!tensors);
  }
  writer.writeEndOfFile();
  return out;
}

std::string Save(const std::string& source, const FlatStorage& storage) {
  torch::jit::Module module("__torch__.Compressed");
  module.register_attribute("training", c10::BoolType::get(), false);
  storage.Register(module);
  module.define(source);
  std::ostringstream stream;
  module.save(stream);
  return WithoutDebugRecords(stream.str());
}

// What a constant is called in messages: its own name, or that of the layer that uses it.
std::string NameOf(const Program& program, ValueId id) {
  if (!program.values[id].name.empty()) return program.values[id].name;
  for (const Node& node : program.nodes) {
    if (std::ranges::find(node.inputs, id) == node.inputs.end()) continue;
    return node.name.empty() ? "a constant at " + node.source : "a constant of " + node.name;
  }
  return "a constant";
}

Result<HalfModule> Write(const Archive& archive, const LoweredModel& model, DType half) {
  HalfModule result;
  result.changes.resize(model.program.values.size());
  std::vector<ScriptConstant> constants(model.program.values.size());
  AttributeNames names;
  FlatStorage storage;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const Value& value = model.program.values[i];
    if (!value.constant.has_value()) continue;
    FEDGE_ASSIGN_OR_RETURN(at::Tensor tensor, ReadConstant(archive, model, value));
    if (HasLiteral(tensor)) {
      constants[i].literal = Literal(tensor);
      continue;
    }
    constants[i].attribute = names.Make(value.name);
    if (value.dtype == DType::kFloat32) {
      const double largest = tensor.numel() == 0 ? 0 : tensor.abs().max().item().toDouble();
      if (half == DType::kFloat16 && largest > kLargestHalf) {
        result.kept.push_back(fmt::format("'{}' stays float32: {:.6g} is beyond float16's {}",
                                          NameOf(model.program, static_cast<ValueId>(i)), largest,
                                          kLargestHalf));
      } else {
        const at::Tensor narrow = tensor.to(ScalarTypeOf(half));
        result.changes[i] = Compare(tensor, narrow);
        constants[i].stored_half = true;
        tensor = narrow;
      }
    }
    if (value.dtype == DType::kFloat64)
      result.kept.push_back(fmt::format("'{}' stays float64, in which the model computes",
                                        NameOf(model.program, static_cast<ValueId>(i))));
    storage.Add(constants[i].attribute, tensor);
  }
  FEDGE_ASSIGN_OR_RETURN(const std::string source, WriteScript(model, constants));
  result.file = Save(source, storage);
  return result;
}

}  // namespace

Result<HalfModule> WriteHalfModule(const Archive& archive, const LoweredModel& model, DType half) {
  return CatchTorch(archive.path(), [&] { return Write(archive, model, half); });
}

}  // namespace fedge
