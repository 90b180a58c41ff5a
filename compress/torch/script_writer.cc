#include "fedge/compress_torch/script_writer.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace fedge {
namespace {

using internal::ScriptNode;
using internal::ScriptText;

// Python's keywords, which TorchScript shares.
bool IsReserved(std::string_view name) {
  constexpr std::array<std::string_view, 35> kKeywords = {
      "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
      "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
      "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
      "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};
  return std::ranges::find(kKeywords, name) != kKeywords.end();
}

class Writer {
 public:
  Writer(const LoweredModel& model, const std::vector<ScriptConstant>& constants)
      : program_(model.program), result_(model.result), constants_(constants) {}

  Result<std::string> Write() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) names.push_back(InputName(i));
    text_ = fmt::format("def forward(self, {}):\n", fmt::join(names, ", "));
    FEDGE_RETURN_IF_ERROR(WriteBatch());
    for (const Node& node : program_.nodes) WriteNode(node);
    text_ += "  return " + ResultText(result_) + "\n";
    return std::move(text_);
  }

 private:
  // Names of ports may be anything; those of arguments may not.
  std::string InputName(std::size_t i) const {
    std::string name = program_.inputs[i].name;
    const auto letter = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    };
    for (char& c : name) c = letter(c) ? c : '_';
    const bool clashes = IsReserved(name) || name == "self" || name == "n" || name == "torch" ||
                         (name.size() > 1 && name[0] == 'v' && std::isdigit(name[1]) != 0);
    const bool plain = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
    if (!plain || clashes) name = "input_" + name;
    for (std::size_t before = 0; before < i; ++before) {
      if (InputName(before) == name) return fmt::format("{}_{}", name, i);
    }
    return name;
  }

  // n is the batch; what the program was made for is checked.
  Status WriteBatch() {
    bool found = false;
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
      const Shape& shape = program_.values[program_.inputs[i].value].shape;
      for (std::size_t d = 0; d < shape.size() && !found; ++d) {
        if (shape[d].is_constant()) continue;
        found = true;
        text_ += fmt::format("  n = ({}.size({}) - {}) // {}\n", InputName(i), d, shape[d].base,
                             shape[d].per_batch);
      }
    }
    if (!found) text_ += "  n = 1\n";
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
      const Shape& shape = program_.values[program_.inputs[i].value].shape;
      text_ += fmt::format("  assert {}.size() == {}, \"'{}' must be {}\"\n", InputName(i),
                           ScriptText(shape), InputName(i), ToString(shape));
    }
    return OkStatus();
  }

  std::string ValueText(ValueId id, bool wide) const {
    if (id == kAbsent) return "None";
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
      if (program_.inputs[i].value == id) return InputName(i);
    }
    if (!program_.values[id].constant.has_value()) return fmt::format("v{}", id);
    const ScriptConstant& constant = constants_[id];
    if (constant.attribute.empty()) return fmt::format("torch.tensor({})", constant.literal);
    return "self." + constant.attribute + (constant.stored_half && wide ? ".float()" : "");
  }

  void WriteNode(const Node& node) {
    ScriptNode script{program_, node, {}, {}, {}};
    for (const ValueId id : node.inputs) {
      script.inputs.push_back(ValueText(id, true));
      script.raw.push_back(ValueText(id, false));
      const bool constant = id != kAbsent && program_.values[id].constant.has_value();
      script.numbers.push_back(constant ? constants_[id].literal : "");
    }
    std::vector<std::string> outputs;
    for (const ValueId id : node.outputs) outputs.push_back(fmt::format("v{}", id));
    text_ +=
        fmt::format("  {} = {}\n", fmt::join(outputs, ", "), internal::ScriptExpression(script));
    const auto* recurrent = std::get_if<op::Recurrent>(&node.op);
    if (recurrent == nullptr) return;
    for (std::size_t i = 1; i < outputs.size(); ++i) {
      text_ += fmt::format("  {0} = {0}.squeeze(0)\n", outputs[i]);
    }
    if (recurrent->reverse) text_ += fmt::format("  {0} = torch.flip({0}, [1])\n", outputs[0]);
  }

  std::string ResultText(const OutputTree& tree) const {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < tree.children.size(); ++i) {
      const std::string key = i < tree.keys.size() ? tree.keys[i] + ": " : "";
      parts.push_back(key + ResultText(tree.children[i]));
    }
    switch (tree.kind) {
      case OutputTree::Kind::kTensor:
        return ValueText(program_.outputs[tree.output].value, true);
      case OutputTree::Kind::kNone:
        return "None";
      case OutputTree::Kind::kTuple:
        return fmt::format("({},)", fmt::join(parts, ", "));
      case OutputTree::Kind::kList:
        return fmt::format("[{}]", fmt::join(parts, ", "));
      case OutputTree::Kind::kDictionary:
        return fmt::format("{{{}}}", fmt::join(parts, ", "));
    }
    return {};
  }

  const Program& program_;
  const OutputTree& result_;
  const std::vector<ScriptConstant>& constants_;
  std::string text_;
};

}  // namespace

Result<std::string> WriteScript(const LoweredModel& model,
                                const std::vector<ScriptConstant>& constants) {
  for (const Node& node : model.program.nodes) {
    if (!IsQuantized(node.op)) continue;
    return Unimplemented("{} '{:.80}' is not written as TorchScript", OpName(node.op), node.name);
  }
  return Writer(model, constants).Write();
}

}  // namespace fedge
