#include "fedge/learn/replica.h"

#include <algorithm>
#include <cstring>
#include <memory>
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
  return at::from_blob(const_cast<std::byte*>(bytes.data()),
                       {static_cast<std::int64_t>(bytes.size())}, at::kByte);
}

Status WriteEntry(const ManifestEntry& entry, std::span<const std::byte> trained,
                  std::span<const std::byte> base, std::span<std::byte> out) {
  switch (entry.rule) {
    case MergeRule::kAverageDelta:
      SubtractElements(entry.dtype, trained, base, out);
      if (AllFinite(entry.dtype, out)) return OkStatus();
      return OutOfRange("'{}' has values that are not finite after training", entry.tensor);
    case MergeRule::kMustBeEqual:
      if (!std::ranges::equal(trained, base)) {
        return InvalidArgument("training changed '{}', which is {} and can't be averaged",
                               entry.tensor, DTypeName(entry.dtype));
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
    return OkStatus();
  }
  for (std::size_t i = 0; i < storages_.size(); ++i) {
    FEDGE_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, archive.StorageBytes(i));
    if (!bytes.empty()) storages_[i].copy_(ViewBytes(bytes));
  }
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  state_.Restore();
  return OkStatus();
}

Status Replica::Load(const Archive& archive) {
  module_ = torch::jit::load(std::make_shared<SpanReader>(archive.bytes()), device_,
                             /*load_debug_files=*/false);
  state_ = ModuleState(module_);
  storages_.assign(archive.storages().size(), {});
  parameters_.clear();
  bool all_found = true;
  for (const TensorInfo& info : archive.tensors()) {
    const auto found = state_.tensors().find(info.name);
    if (found == state_.tensors().end()) {
      if (info.kind != TensorKind::kAttribute)
        return InvalidArgument("LibTorch does not find the tensor '{}'", info.name);
      all_found = false;
      continue;
    }
    at::Tensor tensor = found->second;
    FEDGE_RETURN_IF_ERROR(Bind(info, tensor));
    if (!info.trainable()) continue;
    const bool tied = std::ranges::any_of(
        parameters_, [&](const at::Tensor& other) { return other.is_same(tensor); });
    if (!tied) parameters_.push_back(tensor.requires_grad_(true));
  }
  reusable_ = all_found && archive.tensors().size() == state_.tensors().size();
  return OkStatus();
}

Status Replica::Bind(const TensorInfo& info, at::Tensor& tensor) {
  at::Tensor& storage = storages_[info.storage];
  if (!storage.defined()) {
    const auto size = static_cast<std::int64_t>(tensor.storage().nbytes());
    storage = at::empty({0}, tensor.options().dtype(at::kByte).requires_grad(false))
                  .set_(tensor.storage(), 0, {size}, {1});
  }
  if (tensor.scalar_type() != ScalarTypeOf(info.dtype) ||
      tensor.sizes() != at::IntArrayRef(info.shape)) {
    return InvalidArgument("LibTorch reads the tensor '{}' with another type or shape", info.name);
  }
  // Views of one storage, which LibTorch takes apart when it loads to a GPU.
  if (!tensor.is_alias_of(storage) && tensor.numel() > 0) {
    at::Tensor view = at::empty({0}, tensor.options().requires_grad(false));
    view.set_(storage.storage(), static_cast<std::int64_t>(info.storage_offset), info.shape,
              info.strides);
    tensor.set_data(view);
  }
  return OkStatus();
}

Status Replica::CollectReassigned(const Archive& archive, const Manifest& manifest) {
  std::vector<bool> sent(storages_.size());
  for (const ManifestEntry& entry : manifest.entries) sent[entry.storage] = true;
  for (const TensorInfo& info : archive.tensors()) {
    const auto slot = state_.slots().find(info.name);
    if (!sent[info.storage] || slot == state_.slots().end()) continue;
    const at::Tensor& original = state_.tensors().at(info.name);
    const c10::IValue value = slot->second.Get();
    if (value.isTensor() && value.toTensor().is_same(original)) continue;
    if (!value.isTensor() || value.toTensor().scalar_type() != original.scalar_type() ||
        value.toTensor().sizes() != original.sizes()) {
      return InvalidArgument("training gave '{}' another type or shape", info.name);
    }
    at::Tensor(original).copy_(value.toTensor());
    slot->second.Set(original);
  }
  return OkStatus();
}

Result<std::vector<std::byte>> Replica::Update(const Archive& base, const Manifest& manifest) {
  const at::NoGradGuard no_grad;
  FEDGE_RETURN_IF_ERROR(CollectReassigned(base, manifest));
  std::vector<std::byte> payload(manifest.payload_bytes);
  for (const ManifestEntry& entry : manifest.entries) {
    FEDGE_ASSIGN_OR_RETURN(const std::span<const std::byte> before,
                           base.StorageBytes(entry.storage));
    const at::Tensor trained = storages_[entry.storage].cpu();
    if (static_cast<std::size_t>(trained.numel()) != before.size()) {
      return InvalidArgument("LibTorch reads the storage of '{}' with another size", entry.tensor);
    }
    const auto* const data = static_cast<const std::byte*>(trained.const_data_ptr());
    const std::span<const std::byte> after(data, static_cast<std::size_t>(trained.numel()));
    const std::span<std::byte> out =
        std::span(payload).subspan(entry.payload_offset, entry.num_bytes());
    FEDGE_RETURN_IF_ERROR(WriteEntry(entry, after, before, out));
  }
  return payload;
}

}  // namespace fedge
