#pragma once

#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/lower/lowered_model.h"

namespace fedge {

// How a constant of a program is written: the attribute that holds it, and whether it is stored in
// half and made float32 where it is used. An empty attribute: the constant is not stored but
// written as a number.
struct ScriptConstant {
  std::string attribute;
  bool stored_half = false;
  std::string literal = {};  // "0.5"
};

// A program as the source of a TorchScript forward without modules below it: one line for each
// node, whatever the depth. `constants`: one per value of the program, looked at where that is a
// constant. kUnimplemented names a node that has no such form.
Result<std::string> WriteScript(const LoweredModel& model,
                                const std::vector<ScriptConstant>& constants);

namespace internal {

// What a node is written with.
struct ScriptNode {
  const Program& program;
  const Node& node;
  std::vector<std::string> inputs;   // "v3", "self.conv1_weight.float()", "None" where absent
  std::vector<std::string> raw;      // the same, without the cast to float32
  std::vector<std::string> numbers;  // a constant without dimensions as a number, else empty

  const Shape& shape(std::size_t output = 0) const {
    return program.values[node.outputs.at(output)].shape;
  }
  const Shape& input_shape(std::size_t input) const {
    return program.values[node.inputs.at(input)].shape;
  }
  DType dtype() const { return program.values[node.outputs.at(0)].dtype; }
};

// "8 * n + 1", "[n, 3, 224]", "[1, 2]", "0.1".
std::string ScriptText(const Dim& dim);
std::string ScriptText(const Shape& shape);
std::string ScriptText(const Dims& numbers);
std::string ScriptText(double number);
std::string ScriptText(bool value);

// The right side of a node's line.
std::string ScriptExpression(const ScriptNode& node);

}  // namespace internal
}  // namespace fedge
