#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "fedge/lower/call.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/structural.h"
#include "fedge/lower/tensor_cell.h"

// Lists, tuples and dictionaries, whatever they hold.
namespace fedge::lower {
namespace {

using Values = std::vector<Abstract>;
using ListHandle = std::shared_ptr<Sequence>;
using DictHandle = std::shared_ptr<Dictionary>;

const ListHandle* AsList(const StructuralCall& call, std::size_t i = 0) {
  return i < call.inputs.size() ? std::get_if<ListHandle>(&call.inputs[i]) : nullptr;
}

std::size_t Position(const Sequence& list, const Abstract& index) {
  std::int64_t position = ToInt(index, "index");
  const auto size = static_cast<std::int64_t>(list.elements.size());
  if (position < 0) position += size;
  if (position < 0 || position >= size) Refuse("index {} of a list of {}", position, size);
  return static_cast<std::size_t>(position);
}

const c10::IValue& Key(const Abstract& key) {
  const auto* leaf = std::get_if<c10::IValue>(&key);
  if (leaf == nullptr) Refuse("looks {} up in a dictionary", Describe(key));
  return *leaf;
}

Values Slice(const StructuralCall& call, const Sequence& list) {
  const auto size = static_cast<std::int64_t>(list.elements.size());
  const auto bound = [&](std::size_t i, std::int64_t otherwise) {
    if (i >= call.inputs.size() || IsNone(call.inputs[i])) return otherwise;
    const std::int64_t given = ToInt(call.inputs[i], "index");
    return std::clamp<std::int64_t>(given < 0 ? given + size : given, 0, size);
  };
  const std::int64_t step = call.inputs.size() > 3 ? ToInt(call.inputs[3], "step") : 1;
  if (step < 1) Refuse("takes a slice of a list backwards");
  std::vector<Abstract> elements;
  for (std::int64_t i = bound(1, 0); i < bound(2, size); i += step) {
    elements.push_back(list.elements[static_cast<std::size_t>(i)]);
  }
  return {list.is_tuple ? MakeTuple(std::move(elements)) : MakeList(std::move(elements))};
}

Values Add(Sequence a, const Sequence& b) {
  a.elements.insert(a.elements.end(), b.elements.begin(), b.elements.end());
  return {std::make_shared<Sequence>(std::move(a))};
}

Values Repeat(const Sequence& list, std::int64_t times) {
  std::vector<Abstract> elements;
  for (std::int64_t i = 0; i < times; ++i) {
    elements.insert(elements.end(), list.elements.begin(), list.elements.end());
  }
  return {MakeList(std::move(elements))};
}

Values Pop(Sequence& list, const StructuralCall& call) {
  const std::size_t at =
      Position(list, call.inputs.size() > 1 ? call.inputs[1] : Abstract(c10::IValue(-1)));
  Abstract element = list.elements[at];
  list.elements.erase(list.elements.begin() + static_cast<std::ptrdiff_t>(at));
  return {std::move(element)};
}

Values Insert(Sequence& list, const StructuralCall& call) {
  const auto size = static_cast<std::int64_t>(list.elements.size());
  std::int64_t at = ToInt(call.inputs.at(1), "index");
  at = std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  list.elements.insert(list.elements.begin() + at, call.inputs.at(2));
  return {call.inputs[0]};
}

// [N, 3] == [N, 3]
Structure CompareLists(const StructuralCall& call, const Sequence& a, const Sequence& b) {
  const bool equal_wanted = call.name == "aten::eq";
  bool equal = a.elements.size() == b.elements.size();
  for (std::size_t i = 0; equal && i < a.elements.size(); ++i) {
    const auto left = AsDim(a.elements[i]);
    const auto right = AsDim(b.elements[i]);
    if (!left || !right) return std::nullopt;
    equal = AlwaysEqual(*left, *right);
  }
  return Values{c10::IValue(equal == equal_wanted)};
}

Structure EvaluateList(const StructuralCall& call, const ListHandle& list) {
  const std::string_view name = call.name;
  const auto* other = AsList(call, 1);
  if (name == "aten::len")
    return Values{c10::IValue(static_cast<std::int64_t>(list->elements.size()))};
  if (name == "aten::__getitem__")
    return Values{list->elements[Position(*list, call.inputs.at(1))]};
  if (name == "aten::append") {
    list->elements.push_back(call.inputs.at(1));
    return Values{call.inputs[0]};
  }
  if (name == "aten::extend" && other != nullptr) {
    const std::vector<Abstract> more = (*other)->elements;
    list->elements.insert(list->elements.end(), more.begin(), more.end());
    return Values{};
  }
  if (name == "aten::insert") return Insert(*list, call);
  if (name == "aten::pop") return Pop(*list, call);
  if (name == "aten::clear") return list->elements.clear(), Values{};
  if (name == "aten::reverse") return std::ranges::reverse(list->elements), Values{};
  if (name == "aten::_set_item") {
    list->elements[Position(*list, call.inputs.at(1))] = call.inputs.at(2);
    return Values{call.inputs[0]};
  }
  if (name == "aten::list" || name == "aten::copy") return Values{MakeList(list->elements)};
  if (name == "aten::slice") return Slice(call, *list);
  if (name == "aten::add" && other != nullptr) return Add(*list, **other);
  if (name == "aten::add_" && other != nullptr) {
    list->elements = std::get<ListHandle>(Add(*list, **other).front())->elements;
    return Values{call.inputs[0]};
  }
  if (name == "aten::mul") return Repeat(*list, ToInt(call.inputs.at(1), "count"));
  if ((name == "aten::eq" || name == "aten::ne") && other != nullptr) {
    return CompareLists(call, *list, **other);
  }
  return std::nullopt;
}

Values Pairs(const Dictionary& dictionary, bool keys, bool values) {
  std::vector<Abstract> elements;
  for (const auto& [key, value] : dictionary.items) {
    if (keys && values) {
      elements.push_back(MakeTuple({key, value}));
    } else {
      elements.push_back(keys ? Abstract(key) : value);
    }
  }
  return {MakeList(std::move(elements))};
}

Structure EvaluateDictionary(const StructuralCall& call, const DictHandle& dictionary) {
  const std::string_view name = call.name;
  if (name == "aten::len") {
    return Values{c10::IValue(static_cast<std::int64_t>(dictionary->items.size()))};
  }
  if (name == "aten::keys") return Pairs(*dictionary, true, false);
  if (name == "aten::values") return Pairs(*dictionary, false, true);
  if (name == "aten::items") return Pairs(*dictionary, true, true);
  if (name == "aten::dict" || name == "aten::copy") {
    return Values{std::make_shared<Dictionary>(*dictionary)};
  }
  if (call.inputs.size() < 2) return std::nullopt;
  const c10::IValue& key = Key(call.inputs[1]);
  Abstract* found = dictionary->Find(key);
  if (name == "aten::__contains__") return Values{c10::IValue(found != nullptr)};
  if (name == "aten::_set_item") {
    if (found != nullptr) {
      *found = call.inputs.at(2);
    } else {
      dictionary->items.emplace_back(key, call.inputs.at(2));
    }
    return Values{};
  }
  if (name == "aten::__getitem__") {
    if (found == nullptr) Refuse("the model looks up a key that is not in its dictionary");
    return Values{*found};
  }
  if (name == "aten::get") {
    if (found != nullptr) return Values{*found};
    return Values{call.inputs.size() > 2 ? call.inputs[2] : Abstract(c10::IValue())};
  }
  return std::nullopt;
}

std::vector<std::string> FieldNames(const torch::jit::Node& node) {
  const auto type = node.output()->type()->cast<c10::TupleType>();
  std::vector<std::string> names;
  if (type != nullptr && type->schema() != nullptr) {
    for (const c10::Argument& field : type->schema()->arguments()) names.push_back(field.name());
  }
  return names;
}

Structure Construct(const StructuralCall& call) {
  switch (call.node.kind()) {
    case c10::prim::ListConstruct:
      return Values{MakeList(call.inputs)};
    case c10::prim::TupleConstruct:
      return Values{MakeTuple(call.inputs, FieldNames(call.node))};
    case c10::prim::DictConstruct: {
      auto dictionary = std::make_shared<Dictionary>();
      for (std::size_t i = 0; i + 1 < call.inputs.size(); i += 2) {
        dictionary->items.emplace_back(Key(call.inputs[i]), call.inputs[i + 1]);
      }
      return Values{std::move(dictionary)};
    }
    default:
      return std::nullopt;
  }
}

Structure TakeApart(const StructuralCall& call, const Sequence& sequence) {
  switch (call.node.kind()) {
    case c10::prim::ListUnpack:
    case c10::prim::TupleUnpack:
      if (sequence.elements.size() != call.node.outputs().size()) {
        Refuse("takes {} elements out of {}", call.node.outputs().size(), sequence.elements.size());
      }
      return sequence.elements;
    case c10::prim::TupleIndex:
      return Values{sequence.elements[Position(sequence, call.inputs.at(1))]};
    case c10::prim::TupleSlice: {
      const auto begin = sequence.elements.begin();
      return Values{
          MakeTuple({begin + call.node.i(c10::attr::beg), begin + call.node.i(c10::attr::end)})};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

Structure EvaluateContainer(const StructuralCall& call) {
  if (auto made = Construct(call)) return made;
  if (call.inputs.empty()) return std::nullopt;
  if (const ListHandle* list = AsList(call)) {
    if (auto parts = TakeApart(call, **list)) return parts;
    return EvaluateList(call, *list);
  }
  if (const auto* dictionary = std::get_if<DictHandle>(&call.inputs[0])) {
    return EvaluateDictionary(call, *dictionary);
  }
  return std::nullopt;
}

}  // namespace fedge::lower
