#include "fedge/learn/replica.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/serialization/import.h>

#include "fedge/learn/dtypes.h"
#include "fedge/learn/payload.h"

namespace fedge {
namespace {

class SpanReader final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit SpanReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::size_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t offset, void* out, std::size_t count, const char*) const override {
    if (offset >= bytes_.size()) return 0;
    const std::size_t available = std::min<std::size_t>(count, bytes_.size() - offset);
    std::memcpy(out, bytes_.data() + offset, available);
    return available;
  }

 private:
  std::span<const std::byte> bytes_;
};

// A tensor over the given bytes, on the CPU; it does not write to them.
at::Tensor ViewBytes(std::span<const std::byte> bytes) {
  return at::from_blob(const_cast<std::byte*>(bytes.data()), {static_cast<std::int64_t>(bytes.size())}, at::kByte);
}

Status WriteEntry(const ManifestEntry& entry, std::span<const std::byte> trained, std::span<const std::byte> base,
                  std::span<std::byte> out) {
  switch (entry.rule) {
    case MergeRule::kAverageDelta:
      SubtractElements(entry.dtype, trained, base, out);
      if (AllFinite(entry.dtype, out)) return OkStatus();
      return InvalidArgument("'{}' has values that are not finite after training", entry.tensor);
    case MergeRule::kMustBeEqual:
      if (!std::ranges::equal(trained, base)) {
        return InvalidArgument("training changed '{}', which is {} and can't be averaged", entry.tensor,
                               DTypeName(entry.dtype));
      }
      break;
    case MergeRule::kMaximum:
      break;
  }
  std::ranges::copy(trained, out.begin());
  return OkStatus();
}

}  // namespace

Status Replica::Reset(const Archive& archive, const Manifest& manifest) {
  const at::NoGradGuard no_grad;
  if (!reusable_ || structure_ != manifest.structure) {
    reusable_ = false;
    FEDGE_RETURN_IF_ERROR(Load(archive));
    structure_ = manifest.structure;
  }
  for (std::size_t i = 0; i < storages_.size(); ++i) {
    FEDGE_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, archive.StorageBytes(i));
    if (!bytes.empty()) storages_[i].copy_(ViewBytes(bytes));
  }
  for (const Binding& binding : bindings_) binding.slot.Set(binding.tensor);
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  state_.RestoreOthers();
  return OkStatus();
}

Status Replica::Load(const Archive& archive) {
  module_ = torch::jit::load(std::make_shared<SpanReader>(archive.bytes()), device_, /*load_debug_files=*/false);
  state_ = ModuleState(module_);
  storages_.clear();
  bindings_.clear();
  parameters_.clear();
  for (const StorageInfo& storage : archive.storages()) {
    const auto size = static_cast<std::int64_t>(storage.num_bytes());
    storages_.push_back(at::empty({size}, at::TensorOptions(device_).dtype(at::kByte)));
  }
  std::set<std::string> unbound;
  for (const auto& [name, slot] : state_.tensors()) unbound.insert(name);
  std::size_t num_elsewhere = 0;  // tensors in lists and the like
  for (const TensorInfo& info : archive.tensors()) {
    const auto found = state_.tensors().find(info.name);
    if (found != state_.tensors().end()) {
      Bind(info, found->second);
      unbound.erase(info.name);
    } else if (info.trainable()) {
      return InvalidArgument("LibTorch does not find the parameter '{}' in the model", info.name);
    } else {
      ++num_elsewhere;
    }
  }
  reusable_ = unbound.empty() && num_elsewhere == 0;
  return OkStatus();
}

// Parameters that are the same view of one storage are tied: LibTorch loads them as separate leaves of the graph, each
// with its own gradient and optimizer state; here they become one, as they were when the model was written.
void Replica::Bind(const TensorInfo& info, const ModuleSlot& slot) {
  at::Tensor view = MakeView(info);
  if (info.trainable()) {
    const auto tied = std::ranges::find_if(parameters_, [&](const at::Tensor& other) {
      return other.is_alias_of(view) && other.storage_offset() == view.storage_offset() &&
             other.sizes() == view.sizes() && other.strides() == view.strides();
    });
    if (tied != parameters_.end()) {
      view = *tied;
    } else {
      parameters_.push_back(view.requires_grad_(true));
    }
  }
  bindings_.push_back({info.name, info.storage, slot, std::move(view)});
}

at::Tensor Replica::MakeView(const TensorInfo& info) {
  at::Tensor view = at::empty({0}, at::TensorOptions(device_).dtype(ScalarTypeOf(info.dtype)));
  return view.set_(storages_[info.storage].storage(), static_cast<std::int64_t>(info.storage_offset), info.shape,
                   info.strides);
}

Status Replica::CollectReassigned(const Manifest& manifest) {
  std::vector<bool> sent(storages_.size());
  for (const ManifestEntry& entry : manifest.entries) sent[entry.storage] = true;
  for (const Binding& binding : bindings_) {
    if (!sent[binding.storage]) continue;
    const c10::IValue value = binding.slot.Get();
    if (value.isTensor() && value.toTensor().is_same(binding.tensor)) continue;
    if (!value.isTensor() || value.toTensor().scalar_type() != binding.tensor.scalar_type() ||
        value.toTensor().sizes() != binding.tensor.sizes()) {
      return InvalidArgument("training gave '{}' another type or shape", binding.name);
    }
    binding.tensor.copy_(value.toTensor());
    binding.slot.Set(binding.tensor);
  }
  return OkStatus();
}

Result<std::vector<std::byte>> Replica::Update(const Archive& base, const Manifest& manifest) {
  const at::NoGradGuard no_grad;
  FEDGE_RETURN_IF_ERROR(CollectReassigned(manifest));
  std::vector<std::byte> payload(manifest.payload_bytes);
  for (const ManifestEntry& entry : manifest.entries) {
    FEDGE_ASSIGN_OR_RETURN(const std::span<const std::byte> before, base.StorageBytes(entry.storage));
    const at::Tensor trained = storages_[entry.storage].cpu();
    const auto* const data = static_cast<const std::byte*>(trained.const_data_ptr());
    const std::span<const std::byte> after(data, static_cast<std::size_t>(trained.numel()));
    const std::span<std::byte> out = std::span(payload).subspan(entry.payload_offset, entry.num_bytes());
    FEDGE_RETURN_IF_ERROR(WriteEntry(entry, after, before, out));
  }
  return payload;
}

}  // namespace fedge
