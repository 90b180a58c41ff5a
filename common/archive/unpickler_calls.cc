#include <utility>

#include "fedge/archive/unpickler.h"

// The containers, calls and objects of the unpickler.
namespace fedge::internal {
namespace {

constexpr std::size_t kMaxArguments = 8;

}  // namespace

Result<PickleValue> Unpickler::Pop() {
  if (stack_.empty() || stack_.back().kind == PickleKind::kMark)
    return DataLoss("a value is missing");
  const PickleValue value = stack_.back();
  stack_.pop_back();
  return value;
}

Result<std::vector<PickleValue>> Unpickler::PopToMark() {
  std::size_t begin = stack_.size();
  while (begin > 0 && stack_[begin - 1].kind != PickleKind::kMark) --begin;
  if (begin == 0) return DataLoss("the mark is missing");
  std::vector<PickleValue> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
  stack_.resize(begin - 1);
  return items;
}

Result<std::vector<PickleValue>> Unpickler::PopLast(std::size_t count) {
  std::vector<PickleValue> items(count);
  for (std::size_t i = count; i-- > 0;) {
    FEDGE_ASSIGN_OR_RETURN(items[i], Pop());
  }
  return items;
}

void Unpickler::PushContainer(PickleKind kind, std::vector<PickleValue> items) {
  stack_.push_back(
      {.kind = kind, .index = static_cast<std::uint32_t>(pickle_.containers.size()), .number = 0});
  pickle_.containers.push_back(std::move(items));
}

Status Unpickler::TupleOf(std::size_t count) {
  FEDGE_ASSIGN_OR_RETURN(auto items, PopLast(count));
  PushContainer(PickleKind::kTuple, std::move(items));
  return OkStatus();
}

Status Unpickler::Append(const std::vector<PickleValue>& items, PickleKind kind) {
  if (stack_.empty() || stack_.back().kind != kind)
    return DataLoss("there is no container to add to");
  if (kind == PickleKind::kDict && items.size() % 2 != 0) return DataLoss("a key has no value");
  auto& container = pickle_.containers[stack_.back().index];
  container.insert(container.end(), items.begin(), items.end());
  return OkStatus();
}

Status Unpickler::AppendMarked(PickleKind kind) {
  FEDGE_ASSIGN_OR_RETURN(const auto items, PopToMark());
  return Append(items, kind);
}

Status Unpickler::AppendLast(std::size_t count, PickleKind kind) {
  FEDGE_ASSIGN_OR_RETURN(const auto items, PopLast(count));
  return Append(items, kind);
}

Status Unpickler::NewObject() {
  FEDGE_ASSIGN_OR_RETURN(const PickleValue arguments, Pop());
  FEDGE_ASSIGN_OR_RETURN(const PickleValue type, Pop());
  if (arguments.kind != PickleKind::kTuple || type.kind != PickleKind::kGlobal ||
      pickle_.globals[type.index].role != GlobalRole::kScriptClass) {
    return InvalidArgument("an object is made of something that is no class of the archive");
  }
  PushContainer(PickleKind::kObject, {type});
  return OkStatus();
}

Status Unpickler::Build() {
  FEDGE_ASSIGN_OR_RETURN(const PickleValue state, Pop());
  if (stack_.empty()) return DataLoss("there is no object to fill");
  const PickleValue& target = stack_.back();
  if (target.kind == PickleKind::kObject) {
    auto& object = pickle_.containers[target.index];
    if (object.size() != 1) return DataLoss("an object is filled twice");
    object.push_back(state);
    return OkStatus();
  }
  // A state_dict carries its versions as attributes of the OrderedDict.
  if (target.kind == PickleKind::kDict || target.kind == PickleKind::kOpaque) return OkStatus();
  return DataLoss("there is no object to fill");
}

Status Unpickler::Reduce() {
  FEDGE_ASSIGN_OR_RETURN(const PickleValue arguments, Pop());
  FEDGE_ASSIGN_OR_RETURN(const PickleValue function, Pop());
  const bool is_global = function.kind == PickleKind::kGlobal;
  if (is_global && pickle_.globals[function.index].role ==
                       GlobalRole::kScriptClass) {  // an enum, given its value
    stack_.push_back({.kind = PickleKind::kOpaque, .index = 0, .number = 0});
    return OkStatus();
  }
  if (!is_global || arguments.kind != PickleKind::kTuple) {
    return InvalidArgument("a call is made to something that is no function");
  }
  if (pickle_.containers[arguments.index].size() > kMaxArguments)
    return DataLoss("a call has too many arguments");
  // A copy: a call may add containers.
  const std::vector<PickleValue> values = pickle_.containers[arguments.index];
  auto value = Call(function, values);
  if (!value.ok()) return std::move(value).status();
  stack_.push_back(*value);
  return OkStatus();
}

Result<PickleValue> Unpickler::Call(const PickleValue& function,
                                    const std::vector<PickleValue>& arguments) {
  switch (pickle_.globals[function.index].role) {
    case GlobalRole::kRebuildTensor:
      return RebuildTensor(arguments);
    case GlobalRole::kRebuildParameter:
      return RebuildParameter(arguments);
    case GlobalRole::kRebuildFromType:
      return RebuildFromType(arguments);
    case GlobalRole::kTypedList:
    case GlobalRole::kTypeTag:
      if (arguments.empty()) return DataLoss("a typed list has no list");
      return arguments[0];
    case GlobalRole::kOrderedDict: {
      if (!arguments.empty()) return InvalidArgument("an OrderedDict is made of arguments");
      PushContainer(PickleKind::kDict, {});
      return Pop();
    }
    case GlobalRole::kOpaque:
      return PickleValue{.kind = PickleKind::kOpaque, .index = 0, .number = 0};
    case GlobalRole::kScriptClass:
    case GlobalRole::kStorageType:
      break;
  }
  return InvalidArgument("a call is made to something that is no function");
}

}  // namespace fedge::internal
