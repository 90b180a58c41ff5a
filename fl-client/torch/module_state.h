#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>

namespace fedge {

// An attribute of one of the objects that make up a module.
struct ModuleSlot {
  c10::intrusive_ptr<c10::ivalue::Object> object;
  std::size_t index = 0;

  c10::IValue Get() const { return object->getSlot(index); }
  void Set(c10::IValue value) const { object->setSlot(index, std::move(value)); }
};

// What a module holds: its tensors by the names that Archive gives them ("layers.0.weight",
// "hidden.0"), and the attributes as they were when this was made. Forward may replace a tensor,
// count steps or keep a list, and the next client must not find it. Thread-compatible.
class ModuleState {
 public:
  ModuleState() = default;
  // Throws what LibTorch throws for a value that can't be copied.
  explicit ModuleState(const torch::jit::Module& module);

  // One that is reached by several names is listed, the same tensor, under each of them.
  const std::map<std::string, at::Tensor>& tensors() const { return tensors_; }
  // The attributes that are tensors themselves, not in lists and the like.
  const std::map<std::string, ModuleSlot>& slots() const { return slots_; }
  // Puts the same tensors, whatever their values are now, and copies of all else back where they
  // were.
  void Restore() const;

 private:
  struct Other {
    ModuleSlot slot;
    c10::IValue value;
  };
  void VisitModule(c10::ivalue::Object& object, const std::string& prefix);
  void VisitValue(const c10::IValue& value, const std::string& name);

  std::map<std::string, at::Tensor> tensors_;
  std::map<std::string, ModuleSlot> slots_;
  std::vector<Other> others_;
  c10::IValue::HashIdentityIValueMap
      kept_;  // tensors that a copy of a list keeps instead of copying them
};

}  // namespace fedge
