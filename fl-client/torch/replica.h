#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/manifest.h"
#include "fedge/common/hash.h"
#include "fedge/common/result.h"
#include "fedge/learn/module_state.h"

namespace fedge {

// A model in LibTorch's memory that takes on one global model after the other. The first model of a
// structure is loaded; for the next ones the tensors' bytes are copied from the archive into the
// same storages. Functions throw what LibTorch throws. Thread-compatible.
class Replica {
 public:
  explicit Replica(c10::Device device) : device_(device) {}
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Afterwards every tensor and attribute is as the archive says, whatever was done to them before;
  // no gradients. kInvalidArgument: LibTorch reads the file otherwise than Archive does.
  Status Reset(const Archive& archive, const Manifest& manifest);

  // The following need a Reset that succeeded.
  torch::jit::Module& module() { return module_; }
  // The trainable parameters in the archive's order, tied ones once.
  const std::vector<at::Tensor>& parameters() const { return parameters_; }

  // What training since Reset has changed, laid out as the manifest says. `base` and `manifest` are
  // those of Reset. kOutOfRange: a value is not finite. kInvalidArgument: a tensor changed that
  // federated averaging can't take.
  Result<std::vector<std::byte>> Update(const Archive& base, const Manifest& manifest);

 private:
  Status Load(const Archive& archive);
  // Makes the tensor a view of storages_, as Archive says, which becomes the tensor's own storage
  // if there is none yet.
  Status Bind(const TensorInfo& info, at::Tensor& tensor);
  // Values that forward put in place of a tensor (self.mean = ...) go where the tensor was.
  Status CollectReassigned(const Archive& archive, const Manifest& manifest);

  c10::Device device_;
  Digest structure_;
  bool reusable_ =
      false;  // whether every tensor of the archive was found, so that it can be written in place
  torch::jit::Module module_;
  ModuleState state_;
  std::vector<at::Tensor> storages_;  // the archive's, as uint8 [num_bytes] on the device
  std::vector<at::Tensor> parameters_;
};

}  // namespace fedge
