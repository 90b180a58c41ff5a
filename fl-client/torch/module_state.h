#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/ivalue.h>
#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

namespace fedge {

// An attribute of one of the objects that make up a module.
struct ModuleSlot {
  c10::intrusive_ptr<c10::ivalue::Object> object;
  std::size_t index = 0;

  c10::IValue Get() const { return object->getSlot(index); }
  void Set(c10::IValue value) const { object->setSlot(index, std::move(value)); }
};

// The attributes of a module tree by dotted name ("layers.0.weight"), and what those that are not tensors were when this
// was made: forward may count steps or keep a list, and the next client must not find it. Thread-compatible.
class ModuleState {
 public:
  ModuleState() = default;
  // Throws what LibTorch throws for a value that cannot be copied.
  explicit ModuleState(const torch::jit::Module& module) { Visit(*module._ivalue(), ""); }

  // A submodule that is reached by two names is listed under both.
  const std::map<std::string, ModuleSlot>& tensors() const { return tensors_; }
  void RestoreOthers() const;

 private:
  struct Other {
    ModuleSlot slot;
    c10::IValue value;
  };
  void Visit(c10::ivalue::Object& object, const std::string& prefix);

  std::map<std::string, ModuleSlot> tensors_;
  std::vector<Other> others_;
};

}  // namespace fedge
