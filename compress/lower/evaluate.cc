#include <algorithm>
#include <exception>

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "fedge/learn/catch_torch.h"
#include "fedge/lower/interpreter.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/structural.h"
#include "fedge/lower/tensor_cell.h"

// Operators: computed here, by LibTorch, or put into the program.
namespace fedge::lower {
namespace {

// As the type says that the operator takes it. Of values that are concrete.
c10::IValue ToIValue(const Abstract& value, const c10::TypePtr& type) {
  if (const auto* leaf = std::get_if<c10::IValue>(&value)) return *leaf;
  if (const auto* tensor = std::get_if<TensorHandle>(&value)) return (*tensor)->Read().constant;
  if (const auto optional = type->cast<c10::OptionalType>()) {
    return ToIValue(value, optional->getElementType());
  }
  if (const auto* sequence = std::get_if<std::shared_ptr<Sequence>>(&value)) {
    const auto list_type = type->cast<c10::ListType>();
    if ((*sequence)->is_tuple || list_type == nullptr) {
      std::vector<c10::IValue> elements;
      const auto contained = type->containedTypes();
      for (std::size_t i = 0; i < (*sequence)->elements.size(); ++i) {
        elements.push_back(ToIValue((*sequence)->elements[i],
                                    i < contained.size() ? contained[i] : c10::AnyType::get()));
      }
      return c10::ivalue::Tuple::create(std::move(elements));
    }
    c10::impl::GenericList list(list_type->getElementType());
    for (const Abstract& element : (*sequence)->elements) {
      list.push_back(ToIValue(element, list_type->getElementType()));
    }
    return list;
  }
  Refuse("computes with {} at the time of lowering", Describe(value));
}

bool WritesInPlace(const c10::FunctionSchema& schema) {
  return !schema.arguments().empty() && schema.arguments()[0].alias_info() != nullptr &&
         schema.arguments()[0].alias_info()->isWrite();
}

bool WritesElsewhere(const c10::FunctionSchema& schema) {
  const auto& arguments = schema.arguments();
  return std::any_of(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end(),
                     [](const c10::Argument& argument) {
                       return argument.alias_info() != nullptr && argument.alias_info()->isWrite();
                     });
}

std::string WithoutUnderscore(std::string name) {
  if (name.ends_with('_') && !name.ends_with("__")) name.pop_back();
  return name;
}

// Weights that are stored in half stay so in the program, and are made wide where they are used.
bool IsWideningCast(const std::string& name, const std::vector<Abstract>& inputs) {
  if (name != "aten::to" && name != "aten::float") return false;
  const auto* tensor = inputs.empty() ? nullptr : std::get_if<TensorHandle>(&inputs[0]);
  if (tensor == nullptr) return false;
  const c10::ScalarType dtype = (*tensor)->Read().dtype;
  return dtype == c10::kHalf || dtype == c10::kBFloat16;
}

}  // namespace

Abstract Interpreter::FromIValue(const c10::IValue& value, const std::string& name) {
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (!tensor.defined()) return c10::IValue();
    TensorHandle& cell = cells_[tensor.unsafeGetTensorImpl()];
    if (cell == nullptr) {
      cell = std::make_shared<TensorCell>(ConstantTensor(tensor.detach()));
      kept_.push_back(value);
      if (!name.empty()) cell->set_attribute(name);
    }
    return cell;
  }
  if (value.isList()) {
    std::vector<Abstract> elements;
    const c10::List<c10::IValue> list = value.toList();
    for (std::size_t i = 0; i < list.size(); ++i) {
      elements.push_back(FromIValue(list.get(i), name));
    }
    return MakeList(std::move(elements));
  }
  if (value.isTuple()) {
    std::vector<Abstract> elements;
    for (const c10::IValue& element : value.toTupleRef().elements()) {
      elements.push_back(FromIValue(element, name));
    }
    return MakeTuple(std::move(elements));
  }
  if (value.isGenericDict()) {
    auto dictionary = std::make_shared<Dictionary>();
    for (const auto& item : value.toGenericDict()) {
      dictionary->items.emplace_back(item.key(), FromIValue(item.value(), name));
    }
    return dictionary;
  }
  return value;
}

Interpreter::Values Interpreter::Fold(const torch::jit::Node& node, const Values& inputs) {
  if (node.isNondeterministic()) Refuse("draws random numbers");
  std::vector<c10::IValue> stack;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    stack.push_back(ToIValue(inputs[i], node.input(i)->type()));
  }
  const c10::FunctionSchema* schema = node.maybeSchema();
  const bool in_place = schema != nullptr && WritesInPlace(*schema) && stack[0].isTensor();
  // As the interpreter calls operators of any number of arguments, such as format.
  if (schema != nullptr && schema->is_vararg()) {
    stack.emplace_back(static_cast<std::int64_t>(inputs.size()));
  }
  if (in_place) stack[0] = stack[0].toTensor().clone();
  try {
    node.getOperation()(stack);
  } catch (const Refusal&) {
    throw;
  } catch (const std::exception& error) {
    Refuse("{}", StatusFromTorch(error).message());
  }
  if (in_place) {
    const TensorHandle& cell = std::get<TensorHandle>(inputs[0]);
    cell->Write(builder_, ConstantTensor(stack.at(0).toTensor()));
    return {inputs[0]};
  }
  Values outputs;
  for (const c10::IValue& value : stack) outputs.push_back(FromIValue(value, ""));
  return outputs;
}

Interpreter::Values Interpreter::EvaluateOperator(const torch::jit::Node& node,
                                                  const Values& inputs) {
  const std::string name = node.kind().toQualString();
  const StructuralCall structural{name, inputs, node};
  if (auto outputs = EvaluateContainer(structural)) return *std::move(outputs);
  const Operator* found = Operators().Find(WithoutUnderscore(name));
  if (std::ranges::any_of(inputs, IsUnknown)) {
    if (found == nullptr && node.kind().is_aten() && node.outputs().size() == 1 &&
        node.output()->type()->isSubtypeOf(*c10::TensorType::get())) {
      Refuse("the edge engine has no such operator; write it with others");
    }
    return {};
  }
  if (auto outputs = EvaluateSize(structural)) return *std::move(outputs);
  if (auto outputs = EvaluateTensorFact(structural)) return *std::move(outputs);
  const bool concrete = std::ranges::all_of(inputs, IsConcrete);
  const c10::FunctionSchema* schema = node.maybeSchema();
  if (schema != nullptr && WritesElsewhere(*schema)) Refuse("writes into an argument");
  if (concrete && !IsWideningCast(name, inputs)) return FoldTracked(node, found, inputs);
  if (found == nullptr || schema == nullptr) {
    Refuse("the edge engine has no such operator; write it with others");
  }
  if (WritesInPlace(*schema) && name.ends_with('_')) return EmitInPlace(node, inputs);
  builder_.SetPlace(ModulePath(), Source());
  return Emit(*found, Call(*schema, inputs, builder_));
}

// Views of constants remember what they are views of, as those of other tensors do.
Interpreter::Values Interpreter::FoldTracked(const torch::jit::Node& node, const Operator* found,
                                             const Values& inputs) {
  Values outputs = Fold(node, inputs);
  const bool view =
      found != nullptr && found->aliasing != Aliasing::kFresh && !WritesInPlace(node.schema());
  if (!view || outputs.empty()) return outputs;
  const Call call(node.schema(), inputs, builder_);
  const auto* list = std::get_if<std::shared_ptr<Sequence>>(&outputs.front());
  Values& views = list != nullptr ? (*list)->elements : outputs;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto* tensor = std::get_if<TensorHandle>(&views[i]);
    const auto* self = std::get_if<TensorHandle>(&inputs.at(0));
    if (tensor == nullptr || (self != nullptr && *tensor == *self)) continue;
    views[i] = Track((*tensor)->Read(), *found, call, i);
  }
  return outputs;
}

Abstract Interpreter::Track(TensorValue value, const Operator& found, const Call& call,
                            std::size_t index) {
  const auto* self = std::get_if<TensorHandle>(&call.arguments().at(0));
  if (found.aliasing == Aliasing::kFresh || self == nullptr) {
    return std::make_shared<TensorCell>(std::move(value));
  }
  ViewRecipe recipe{.base = *self,
                    .apply =
                        [&found, call, index](const TensorValue& base) {
                          return found.emit(call.WithFirst(base)).tensors.at(index);
                        },
                    .perhaps_copy = found.aliasing == Aliasing::kPerhapsView};
  return std::make_shared<TensorCell>(std::move(value), std::move(recipe));
}

Interpreter::Values Interpreter::Emit(const Operator& found, const Call& call) {
  Outputs outputs = found.emit(call);
  Values values;
  for (std::size_t i = 0; i < outputs.tensors.size(); ++i) {
    values.push_back(Track(std::move(outputs.tensors[i]), found, call, i));
  }
  if (outputs.kind == Outputs::Kind::kList) return {MakeList(std::move(values))};
  return values;
}

Interpreter::Values Interpreter::EmitInPlace(const torch::jit::Node& node, const Values& inputs) {
  const Operator* found = Operators().Find(WithoutUnderscore(node.kind().toQualString()));
  const auto* self = std::get_if<TensorHandle>(&inputs.at(0));
  if (found == nullptr || self == nullptr)
    Refuse("writes in place into {}", Describe(inputs.at(0)));
  builder_.SetPlace(ModulePath(), Source());
  const TensorValue before = (*self)->Read();
  const TensorValue result = found->emit(Call(node.schema(), inputs, builder_)).tensors.at(0);
  (*self)->Write(builder_, builder_.Expand(builder_.Cast(result, before.dtype), before.shape));
  return {inputs[0]};
}

}  // namespace fedge::lower
