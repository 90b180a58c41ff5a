#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include "fedge/lower/abstract.h"
#include "fedge/lower/builder.h"
#include "fedge/lower/call.h"
#include "fedge/lower/operators.h"
#include "fedge/lower/problems.h"

namespace fedge::lower {

// Runs a module's forward on tensors of which only the shapes are known. Whatever does not depend
// on their elements is computed: numbers, sizes, lists, branches, loops, and, by LibTorch itself,
// operators on constants. What is left of the tensors' operators goes into the program. What can't
// be lowered is collected; what depends on it is unknown from there on. Thread-compatible.
class Interpreter {
 public:
  Interpreter(const torch::jit::Module& module, ProgramBuilder& builder, Problems& problems);

  // forward's result. `arguments` without self.
  Abstract Run(std::vector<Abstract> arguments);

 private:
  using Values = std::vector<Abstract>;
  struct Frame {
    std::unordered_map<const torch::jit::Value*, Abstract> values;
    std::string module;                      // the path of the module whose method this is
    const torch::jit::Node* node = nullptr;  // being visited
  };

  Values CallFunction(torch::jit::Function& function, Values arguments, std::string module);
  void VisitBlock(const torch::jit::Block& block);
  void Visit(const torch::jit::Node& node);
  // The outputs of anything but control flow.
  Values Evaluate(const torch::jit::Node& node, const Values& inputs);
  Values EvaluateOperator(const torch::jit::Node& node, const Values& inputs);
  Values Emit(const Operator& found, const Call& call);
  Values EmitInPlace(const torch::jit::Node& node, const Values& inputs);
  Abstract Track(TensorValue value, const Operator& found, const Call& call, std::size_t index);
  void VisitIf(const torch::jit::Node& node);
  void VisitLoop(const torch::jit::Node& node);
  Values VisitCallMethod(const torch::jit::Node& node, const Values& inputs);
  Values GetAttribute(const torch::jit::Node& node, const Values& inputs);
  Values SetAttribute(const torch::jit::Node& node, const Values& inputs);
  Values CreateObject(const torch::jit::Node& node);
  // Boxed, by LibTorch.
  Values Fold(const torch::jit::Node& node, const Values& inputs);
  Values FoldTracked(const torch::jit::Node& node, const Operator* found, const Values& inputs);

  Abstract FromIValue(const c10::IValue& value, const std::string& name);
  void NameTensors(const c10::IValue& value, const std::string& name);
  Abstract& At(const torch::jit::Value* value);
  void Set(const torch::jit::Node& node, Values outputs);
  void SetUnknown(const torch::jit::Node& node);
  void Report(const torch::jit::Node& node, const std::string& reason);
  // "net.py:12": the innermost place that is not in torch's own code.
  std::string Source() const;
  std::string ModulePath() const { return frames_.back().module; }

  const torch::jit::Module& module_;
  ProgramBuilder& builder_;
  Problems& problems_;
  std::vector<Frame> frames_;
  std::map<const void*, std::string> paths_;   // of objects
  std::map<const void*, TensorHandle> cells_;  // of the module's tensors
  // Attributes that forward has set, and those it has read before.
  std::map<std::pair<const void*, std::string>, Abstract> attributes_;
  std::set<std::pair<const void*, std::string>> read_;
  std::set<const void*> created_;  // objects made by forward
  std::vector<c10::IValue> kept_;  // so that no address comes twice
};

}  // namespace fedge::lower
