#include "fedge/lower/interpreter.h"

#include <string_view>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>

#include "fedge/lower/refusal.h"
#include "fedge/lower/tensor_cell.h"

namespace fedge::lower {
namespace {

constexpr std::size_t kMaxDepth = 200;  // of calls

bool IsTorchsOwn(std::string_view file) {
  return file.find("torch/nn/") != std::string_view::npos ||
         file.find("torch/functional") != std::string_view::npos ||
         file.find("torch/_") != std::string_view::npos;
}

std::string Place(const torch::jit::Node& node, bool& own) {
  // What Python's programmer wrote, if the file has debug records.
  const torch::jit::SourceRange range = node.sourceRange();
  const auto place = range.findSourceRangeThatGenerated().value_or(range).file_line_col();
  if (!place.has_value()) return {};
  const std::string& file = std::get<0>(*place);
  own = !IsTorchsOwn(file);
  return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), std::get<1>(*place));
}

}  // namespace

Interpreter::Interpreter(const torch::jit::Module& module, ProgramBuilder& builder,
                         Problems& problems)
    : module_(module), builder_(builder), problems_(problems) {
  NameTensors(module._ivalue(), "");
}

// Names of tensors as Archive gives them.
void Interpreter::NameTensors(const c10::IValue& value, const std::string& name) {
  const std::string prefix = name.empty() ? "" : name + ".";
  if (value.isTensor()) {
    if (value.toTensor().defined()) builder_.NameConstant(value.toTensor(), name);
  } else if (value.isObject()) {
    const auto& object = value.toObjectRef();
    if (!paths_.emplace(&object, name).second) return;
    const auto type = object.type();
    for (std::size_t i = 0; i < type->numAttributes(); ++i) {
      NameTensors(object.getSlot(i), prefix + type->getAttributeName(i));
    }
  } else if (value.isList()) {
    const c10::List<c10::IValue> list = value.toList();
    for (std::size_t i = 0; i < list.size(); ++i) {
      NameTensors(list.get(i), prefix + std::to_string(i));
    }
  } else if (value.isGenericDict()) {
    for (const auto& item : value.toGenericDict()) {
      NameTensors(item.value(), prefix + (item.key().isString() ? item.key().toStringRef() : "?"));
    }
  }
}

Abstract Interpreter::Run(std::vector<Abstract> arguments) {
  arguments.insert(arguments.begin(), c10::IValue(module_._ivalue()));
  Values outputs = CallFunction(module_.get_method("forward").function(), std::move(arguments), "");
  return outputs.empty() ? Abstract(Unknown{}) : outputs.front();
}

Interpreter::Values Interpreter::CallFunction(torch::jit::Function& function, Values arguments,
                                              std::string module) {
  if (frames_.size() >= kMaxDepth) Refuse("calls itself too often");
  const auto graph = torch::jit::toGraphFunction(function).graph();
  Frame frame;
  frame.module = std::move(module);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    frame.values.emplace(graph->inputs().at(i), std::move(arguments[i]));
  }
  frames_.push_back(std::move(frame));
  VisitBlock(*graph->block());
  Values outputs;
  for (const torch::jit::Value* output : graph->outputs()) outputs.push_back(At(output));
  frames_.pop_back();
  return outputs;
}

Abstract& Interpreter::At(const torch::jit::Value* value) {
  return frames_.back().values[value];  // Unknown if a branch did not get there
}

void Interpreter::Set(const torch::jit::Node& node, Values outputs) {
  for (std::size_t i = 0; i < node.outputs().size(); ++i) {
    At(node.output(i)) = i < outputs.size() ? std::move(outputs[i]) : Abstract(Unknown{});
  }
}

void Interpreter::SetUnknown(const torch::jit::Node& node) { Set(node, {}); }

std::string Interpreter::Source() const {
  std::string innermost;
  for (std::size_t i = frames_.size(); i-- > 0;) {
    if (frames_[i].node == nullptr) continue;
    bool own = false;
    std::string place = Place(*frames_[i].node, own);
    if (own) return place;
    if (innermost.empty()) innermost = std::move(place);
  }
  return innermost;
}

void Interpreter::Report(const torch::jit::Node& node, const std::string& reason) {
  std::string place = Source();
  if (place.empty()) place = "an unknown place";
  if (!ModulePath().empty()) place += ", in " + ModulePath();
  problems_.Add(node.kind().toQualString(), reason, place);
}

void Interpreter::VisitBlock(const torch::jit::Block& block) {
  for (const torch::jit::Node* node : block.nodes()) Visit(*node);
}

void Interpreter::Visit(const torch::jit::Node& node) {
  const std::size_t depth = frames_.size();
  frames_.back().node = &node;
  try {
    switch (node.kind()) {
      case c10::prim::If:
        VisitIf(node);
        return;
      case c10::prim::Loop:
        VisitLoop(node);
        return;
      default:
        break;
    }
    Values inputs;
    for (const torch::jit::Value* input : node.inputs()) inputs.push_back(At(input));
    Set(node, Evaluate(node, inputs));
  } catch (const Refusal& refusal) {
    frames_.resize(depth);
    Report(node, refusal.reason);
    SetUnknown(node);
  }
}

Interpreter::Values Interpreter::Evaluate(const torch::jit::Node& node, const Values& inputs) {
  switch (node.kind()) {
    case c10::prim::Constant:
      if (node.output()->type()->kind() == c10::TypeKind::FunctionType) return {c10::IValue()};
      return {FromIValue(*torch::jit::toIValue(node.output()), "")};
    case c10::prim::GetAttr:
      return GetAttribute(node, inputs);
    case c10::prim::SetAttr:
      return SetAttribute(node, inputs);
    case c10::prim::CreateObject:
      return CreateObject(node);
    case c10::prim::CallMethod:
      return VisitCallMethod(node, inputs);
    case c10::prim::CallFunction: {
      auto* function = node.input(0)->type()->expectRef<c10::FunctionType>().function();
      return CallFunction(*function, Values(inputs.begin() + 1, inputs.end()), ModulePath());
    }
    case c10::prim::RaiseException: {
      const auto* message = std::get_if<c10::IValue>(&inputs.at(0));
      Refuse("the model itself refuses these inputs: {}",
             message != nullptr && message->isString() ? message->toStringRef() : "(no reason)");
    }
    case c10::prim::Print:
    case c10::prim::Enter:
    case c10::prim::Exit:
      return {};
    case c10::prim::Uninitialized:
      return {c10::IValue()};
    default:
      return EvaluateOperator(node, inputs);
  }
}

}  // namespace fedge::lower
