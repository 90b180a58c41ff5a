#include "fedge/learn/module_state.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/class_type.h>

namespace fedge {
namespace {

std::string KeyName(const c10::IValue& key, std::size_t position) {
  if (key.isString()) return key.toStringRef();
  if (key.isInt()) return std::to_string(key.toInt());
  if (key.isBool()) return std::to_string(static_cast<int>(key.toBool()));
  return std::to_string(position);
}

// A value that shares nothing that can change, but for the tensors in `memo`. Numbers, strings and
// the like cannot; and LibTorch refuses to copy some of those (complex numbers).
c10::IValue OwnCopy(const c10::IValue& value, c10::IValue::HashIdentityIValueMap memo) {
  const bool can_change =
      value.isList() || value.isTuple() || value.isGenericDict() || value.isObject();
  return can_change ? value.deepcopy(memo) : value;
}

}  // namespace

ModuleState::ModuleState(const torch::jit::Module& module) {
  VisitModule(*module._ivalue(), "");
  for (const auto& [name, tensor] : tensors_) kept_.emplace(tensor, tensor);
  for (Other& other : others_) other.value = OwnCopy(other.value, kept_);
}

void ModuleState::VisitModule(c10::ivalue::Object& object, const std::string& prefix) {
  const auto type = object.type();
  for (std::size_t i = 0; i < type->numAttributes(); ++i) {
    const std::string name = prefix + type->getAttributeName(i);
    const ModuleSlot slot{c10::intrusive_ptr<c10::ivalue::Object>::reclaim_copy(&object), i};
    const c10::IValue value = slot.Get();
    if (value.isModule()) {
      VisitModule(value.toObjectRef(), name + ".");
      continue;
    }
    VisitValue(value, name);
    if (value.isTensor()) {
      slots_.emplace(name, slot);
    } else {
      others_.push_back({slot, value});
    }
  }
}

void ModuleState::VisitValue(const c10::IValue& value, const std::string& name) {
  if (value.isTensor()) {
    tensors_.emplace(name, value.toTensor());
  } else if (value.isList()) {
    const c10::List<c10::IValue> list = value.toList();
    for (std::size_t i = 0; i < list.size(); ++i)
      VisitValue(list.get(i), name + "." + std::to_string(i));
  } else if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    for (std::size_t i = 0; i < elements.size(); ++i)
      VisitValue(elements[i], name + "." + std::to_string(i));
  } else if (value.isGenericDict()) {
    std::size_t position = 0;
    for (const auto& item : value.toGenericDict()) {
      VisitValue(item.value(), name + "." + KeyName(item.key(), position++));
    }
  } else if (value.isObject()) {
    const auto type = value.toObjectRef().type();
    for (std::size_t i = 0; i < type->numAttributes(); ++i) {
      VisitValue(value.toObjectRef().getSlot(i), name + "." + type->getAttributeName(i));
    }
  }
}

void ModuleState::Restore() const {
  for (const auto& [name, slot] : slots_) slot.Set(tensors_.at(name));
  for (const Other& other : others_) other.slot.Set(OwnCopy(other.value, kept_));
}

}  // namespace fedge
