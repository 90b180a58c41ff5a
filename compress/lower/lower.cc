#include "fedge/lower/lower.h"

#include <sstream>

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/serialization/import.h>

#include "fedge/learn/catch_torch.h"
#include "fedge/lower/constants.h"
#include "fedge/lower/interpreter.h"
#include "fedge/lower/refusal.h"
#include "fedge/lower/tensor_cell.h"

namespace fedge {
namespace {

using lower::Abstract;
using lower::ProgramBuilder;

// The arguments of forward: those given, then defaults.
Result<std::vector<Abstract>> Arguments(const torch::jit::Module& module,
                                        std::span<const LowerInput> inputs,
                                        ProgramBuilder& builder) {
  const auto& formals = module.get_method("forward").function().getSchema().arguments();
  std::vector<Abstract> arguments;
  for (std::size_t i = 1; i < formals.size(); ++i) {
    if (i <= inputs.size()) {
      const LowerInput& input = inputs[i - 1];
      if (!c10::TensorType::get()->isSubtypeOf(*formals[i].type())) {
        return InvalidArgument("forward's '{}' is {}; only tensors can be inputs",
                               formals[i].name(), formals[i].type()->str());
      }
      arguments.push_back(std::make_shared<lower::TensorCell>(builder.AddInput(
          input.name.empty() ? formals[i].name() : input.name, input.dtype, input.shape)));
    } else if (formals[i].default_value().has_value() && !formals[i].default_value()->isTensor()) {
      arguments.emplace_back(*formals[i].default_value());
    } else {
      return InvalidArgument("forward takes '{}' as well: give the shape of each input",
                             formals[i].name());
    }
  }
  if (inputs.size() >= formals.size()) {
    return InvalidArgument("forward takes {} inputs, not {}", formals.size() - 1, inputs.size());
  }
  return arguments;
}

std::string Join(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

// A string as TorchScript writes it.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ')
      lower::Refuse("a dictionary's key has control characters");
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

// Flattens forward's result into the program's outputs, which are named as they are reached.
class Outputs {
 public:
  explicit Outputs(ProgramBuilder& builder) : builder_(builder) {}

  OutputTree Add(const Abstract& value, const std::string& name) {
    if (const auto* tensor = std::get_if<lower::TensorHandle>(&value)) {
      builder_.AddOutput(name.empty() ? "output" : name, (*tensor)->Read());
      return {.kind = OutputTree::Kind::kTensor, .output = count_++};
    }
    if (const auto* sequence = std::get_if<std::shared_ptr<lower::Sequence>>(&value)) {
      return AddSequence(**sequence, name);
    }
    if (const auto* items = std::get_if<std::shared_ptr<lower::Dictionary>>(&value)) {
      return AddDictionary(**items, name);
    }
    if (lower::IsNone(value)) return {};
    lower::Refuse("forward returns {}, which is no tensor", lower::Describe(value));
  }

 private:
  OutputTree AddSequence(const lower::Sequence& sequence, const std::string& name) {
    OutputTree tree{.kind = sequence.is_tuple ? OutputTree::Kind::kTuple : OutputTree::Kind::kList};
    for (std::size_t i = 0; i < sequence.elements.size(); ++i) {
      const std::string field = i < sequence.names.size() ? sequence.names[i] : std::to_string(i);
      tree.children.push_back(Add(sequence.elements[i], Join(name, field)));
    }
    return tree;
  }

  OutputTree AddDictionary(const lower::Dictionary& dictionary, const std::string& name) {
    OutputTree tree{.kind = OutputTree::Kind::kDictionary};
    for (const auto& [key, element] : dictionary.items) {
      const std::string text = key.isString() ? key.toStringRef() : std::to_string(key.toInt());
      tree.keys.push_back(key.isString() ? Quoted(text) : text);
      tree.children.push_back(Add(element, Join(name, text)));
    }
    return tree;
  }

  ProgramBuilder& builder_;
  std::size_t count_ = 0;
};

void Flatten(const c10::IValue& value, std::vector<at::Tensor>& tensors) {
  if (value.isTensor()) {
    tensors.push_back(value.toTensor());
  } else if (value.isTuple()) {
    for (const c10::IValue& element : value.toTupleRef().elements()) Flatten(element, tensors);
  } else if (value.isList()) {
    for (const c10::IValue& element : value.toListRef()) Flatten(element, tensors);
  } else if (value.isGenericDict()) {
    for (const auto& item : value.toGenericDict()) Flatten(item.value(), tensors);
  }
}

Result<LoweredModel> LowerOrThrow(const Archive& archive, const torch::jit::Module& module,
                                  std::span<const LowerInput> inputs) {
  ProgramBuilder builder;
  lower::Problems problems;
  FEDGE_ASSIGN_OR_RETURN(std::vector<Abstract> arguments, Arguments(module, inputs, builder));
  OutputTree tree;
  try {
    lower::Interpreter interpreter(module, builder, problems);
    const Abstract result = interpreter.Run(std::move(arguments));
    FEDGE_RETURN_IF_ERROR(problems.ToStatus());
    tree = Outputs(builder).Add(result, "");
  } catch (const lower::Refusal& refusal) {
    return Status(StatusCode::kUnimplemented, refusal.reason);
  }
  ProgramBuilder::Built built = std::move(builder).Finish();
  if (built.program.outputs.empty()) return InvalidArgument("forward returns no tensor");
  LoweredModel lowered{.program = std::move(built.program),
                       .result = std::move(tree),
                       .constants = {},
                       .storages = {}};
  FEDGE_RETURN_IF_ERROR(lower::PlaceConstants(archive, module, built.constants, lowered));
  FEDGE_RETURN_IF_ERROR(Validate(lowered.program).WithContext("the lowered program"));
  return lowered;
}

}  // namespace

Result<LoweredModel> Lower(const Archive& archive, const torch::jit::Module& module,
                           std::span<const LowerInput> inputs) {
  return CatchTorch(archive.path(), [&]() -> Result<LoweredModel> {
    const c10::AutoGradMode no_gradients(false);
    auto lowered = LowerOrThrow(archive, module, inputs);
    if (!lowered.ok()) return lowered.status().WithContext(archive.path());
    return lowered;
  });
}

Result<torch::jit::Module> LoadForLowering(const Archive& archive) {
  if (!archive.is_module()) {
    return InvalidArgument(
        "{}: holds tensors, but no TorchScript module; save it with "
        "torch.jit.save(torch.jit.script(model), path)",
        archive.path());
  }
  return CatchTorch(archive.path(), [&]() -> Result<torch::jit::Module> {
    const auto bytes = archive.bytes();
    std::istringstream stream(
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    torch::jit::Module module = torch::jit::load(stream, c10::Device(c10::kCPU));
    if (!module.find_method("forward").has_value()) {
      return InvalidArgument("{}: has no forward", archive.path());
    }
    module.eval();
    return module;
  });
}

std::vector<at::Tensor> FlattenOutputs(const c10::IValue& result) {
  std::vector<at::Tensor> tensors;
  Flatten(result, tensors);
  return tensors;
}

}  // namespace fedge
