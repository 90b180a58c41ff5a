#include "fedge/lower/interpreter.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/tensor_cell.h"

// Branches, loops, method calls and attributes.
namespace fedge::lower {
namespace {

constexpr std::int64_t kMaxIterations = 100'000;

enum class Condition { kTrue, kFalse, kUnknown };

Condition Decide(const Abstract& value) {
  if (std::holds_alternative<Unknown>(value)) return Condition::kUnknown;
  if (const auto* tensor = std::get_if<TensorHandle>(&value)) {
    const TensorValue& now = (*tensor)->Read();
    if (now.is_constant() && now.constant.numel() == 1) {
      return now.constant.item().toBool() ? Condition::kTrue : Condition::kFalse;
    }
  }
  const auto* leaf = std::get_if<c10::IValue>(&value);
  if (leaf == nullptr || !leaf->isBool()) {
    Refuse("branches on {}, which is not known before the model runs", Describe(value));
  }
  return leaf->toBool() ? Condition::kTrue : Condition::kFalse;
}

const c10::ivalue::Object& ToObject(const Abstract& value) {
  const auto* leaf = std::get_if<c10::IValue>(&value);
  if (leaf == nullptr || !leaf->isObject()) Refuse("{} has no attributes", Describe(value));
  return leaf->toObjectRef();
}

}  // namespace

void Interpreter::VisitIf(const torch::jit::Node& node) {
  const Condition condition = Decide(At(node.input()));
  if (condition == Condition::kUnknown) {
    // Only to find what else can't be lowered.
    for (const torch::jit::Block* block : node.blocks()) VisitBlock(*block);
    SetUnknown(node);
    return;
  }
  const torch::jit::Block& taken = *node.blocks().at(condition == Condition::kTrue ? 0 : 1);
  VisitBlock(taken);
  Values outputs;
  for (const torch::jit::Value* output : taken.outputs()) outputs.push_back(At(output));
  Set(node, std::move(outputs));
}

void Interpreter::VisitLoop(const torch::jit::Node& node) {
  const torch::jit::Block& body = *node.blocks().at(0);
  Values carried;
  for (std::size_t i = 2; i < node.inputs().size(); ++i) carried.push_back(At(node.input(i)));
  const Abstract trips = At(node.input(0));
  Abstract condition = At(node.input(1));
  const bool known = !IsUnknown(trips);
  const std::int64_t limit = known ? ToInt(trips, "the number of iterations") : 1;
  for (std::int64_t trip = 0; trip < limit; ++trip) {
    if (Decide(condition) == Condition::kFalse) break;
    if (trip >= kMaxIterations) Refuse("loops more than {} times", kMaxIterations);
    At(body.inputs().at(0)) = known ? Abstract(c10::IValue(trip)) : Abstract(Unknown{});
    for (std::size_t i = 0; i < carried.size(); ++i) At(body.inputs().at(i + 1)) = carried[i];
    frames_.back().node = &node;
    VisitBlock(body);
    for (std::size_t i = 0; i < carried.size(); ++i) carried[i] = At(body.outputs().at(i + 1));
    const bool blind = std::holds_alternative<Unknown>(condition);
    condition = At(body.outputs().at(0));
    if (blind || std::holds_alternative<Unknown>(condition)) break;
  }
  if (!known) carried.clear();
  Set(node, std::move(carried));
}

Interpreter::Values Interpreter::VisitCallMethod(const torch::jit::Node& node,
                                                 const Values& inputs) {
  if (std::holds_alternative<Unknown>(inputs.at(0))) return {};
  const c10::ivalue::Object& object = ToObject(inputs.at(0));
  const auto path = paths_.find(&object);
  return CallFunction(object.type()->getMethod(node.s(c10::attr::name)), inputs,
                      path != paths_.end() ? path->second : ModulePath());
}

Interpreter::Values Interpreter::GetAttribute(const torch::jit::Node& node, const Values& inputs) {
  if (std::holds_alternative<Unknown>(inputs.at(0))) return {};
  const c10::ivalue::Object& object = ToObject(inputs.at(0));
  const std::string& name = node.s(c10::attr::name);
  const std::pair<const void*, std::string> key(&object, name);
  if (const auto known = attributes_.find(key); known != attributes_.end()) return {known->second};
  const auto path = paths_.find(&object);
  const std::string prefix = path == paths_.end() || path->second.empty() ? "" : path->second + ".";
  read_.insert(key);
  Abstract value = FromIValue(object.getAttr(name), prefix + name);
  // A list that forward appends to must be the same one when it is read again.
  attributes_.emplace(key, value);
  return {std::move(value)};
}

Interpreter::Values Interpreter::SetAttribute(const torch::jit::Node& node, const Values& inputs) {
  if (std::holds_alternative<Unknown>(inputs.at(0))) return {};
  const c10::ivalue::Object& object = ToObject(inputs.at(0));
  const std::string& name = node.s(c10::attr::name);
  const std::pair<const void*, std::string> key(&object, name);
  if (read_.contains(key) && !created_.contains(&object)) {
    Refuse("forward sets '{}' after it has used it: a program keeps nothing between calls", name);
  }
  attributes_.insert_or_assign(key, inputs.at(1));
  return {};
}

Interpreter::Values Interpreter::CreateObject(const torch::jit::Node& node) {
  const auto type = node.output()->type()->expect<c10::ClassType>();
  const c10::IValue object(c10::ivalue::Object::create(
      c10::StrongTypePtr(type->compilation_unit(), type), type->numAttributes()));
  kept_.push_back(object);
  created_.insert(&object.toObjectRef());
  return {object};
}

}  // namespace fedge::lower
