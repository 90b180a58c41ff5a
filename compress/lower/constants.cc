#include "fedge/lower/constants.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "fedge/learn/module_state.h"
#include "fedge/program/program_codec.h"

namespace fedge::lower {
namespace {

constexpr std::size_t kAlignment = 64;

// Where LibTorch has the archive's storages.
std::map<const void*, std::size_t> FindStorages(const Archive& archive,
                                                const torch::jit::Module& module) {
  std::map<const void*, std::size_t> storages;
  const ModuleState state(module);
  for (const TensorInfo& info : archive.tensors()) {
    const auto found = state.tensors().find(info.name);
    if (found == state.tensors().end() || !found->second.defined()) continue;
    const at::Tensor& tensor = found->second;
    const bool same = static_cast<std::uint64_t>(tensor.storage_offset()) == info.storage_offset &&
                      tensor.sizes().vec() == info.shape && tensor.strides().vec() == info.strides;
    if (same && tensor.numel() > 0) storages.emplace(tensor.storage().data(), info.storage);
  }
  return storages;
}

// Appends the elements, each once.
class Pool {
 public:
  explicit Pool(std::string& bytes) : bytes_(bytes) {}

  std::uint64_t Add(const at::Tensor& tensor) {
    const at::Tensor dense = tensor.contiguous();
    std::string content(static_cast<const char*>(dense.data_ptr()), dense.nbytes());
    const auto known = offsets_.find(content);
    if (known != offsets_.end()) return known->second;
    bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment);
    const std::uint64_t offset = bytes_.size();
    bytes_ += content;
    offsets_.emplace(std::move(content), offset);
    return offset;
  }

 private:
  std::string& bytes_;
  std::map<std::string, std::uint64_t> offsets_;
};

Dims DenseStrides(const at::Tensor& tensor) {
  Dims strides(static_cast<std::size_t>(tensor.dim()));
  std::int64_t step = 1;
  for (std::size_t i = strides.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<std::int64_t>(tensor.size(static_cast<std::int64_t>(i)), 1);
  }
  return strides;
}

}  // namespace

Status PlaceConstants(const Archive& archive, const torch::jit::Module& module,
                      const std::vector<at::Tensor>& constants, LoweredModel& lowered) {
  const std::map<const void*, std::size_t> storages = FindStorages(archive, module);
  Pool pool(lowered.constants);
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const at::Tensor& tensor = constants[i];
    if (!tensor.defined()) continue;
    Value& value = lowered.program.values[i];
    const auto found = storages.find(tensor.storage().data());
    if (found != storages.end() && archive.storages()[found->second].dtype == value.dtype) {
      value.constant = ConstantRef{
          .record = archive.storages()[found->second].record,
          .byte_offset = static_cast<std::uint64_t>(tensor.storage_offset()) * tensor.itemsize(),
          .strides = tensor.strides().vec()};
    } else {
      value.constant = ConstantRef{.record = "extra/" + std::string(kConstantsRecord),
                                   .byte_offset = pool.Add(tensor),
                                   .strides = DenseStrides(tensor)};
    }
  }
  // Folded constants and decided branches may come from any of them.
  lowered.storages.resize(archive.storages().size());
  std::iota(lowered.storages.begin(), lowered.storages.end(), std::size_t{0});
  return OkStatus();
}

}  // namespace fedge::lower
