#include "fedge/learn/module_state.h"

#include <ATen/core/class_type.h>

namespace fedge {

void ModuleState::Visit(c10::ivalue::Object& object, const std::string& prefix) {
  const auto type = object.type();
  for (std::size_t i = 0; i < type->numAttributes(); ++i) {
    const std::string name = prefix + type->getAttributeName(i);
    const ModuleSlot slot{c10::intrusive_ptr<c10::ivalue::Object>::reclaim_copy(&object), i};
    const c10::IValue value = slot.Get();
    if (value.isTensor()) {
      tensors_.emplace(name, slot);
    } else if (value.isModule()) {
      Visit(value.toObjectRef(), name + ".");
    } else {
      others_.push_back({slot, value.deepcopy()});
    }
  }
}

void ModuleState::RestoreOthers() const {
  for (const Other& other : others_) other.slot.Set(other.value.deepcopy());
}

}  // namespace fedge
