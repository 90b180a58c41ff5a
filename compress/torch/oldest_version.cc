#include "fedge/compress_torch/oldest_version.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

namespace fedge {
namespace {

using Version = std::pair<int, int>;
constexpr Version kOldest = {1, 13};

// Operators that came later, and arguments that did where a value other than the default is given.
struct Newer {
  std::string_view name;
  Version version;
  std::string_view argument = {};
};
constexpr Newer kNewer[] = {
    {.name = "aten::scaled_dot_product_attention", .version = {2, 0}},
    {.name = "aten::scaled_dot_product_attention", .version = {2, 1}, .argument = "scale"},
    {.name = "aten::scaled_dot_product_attention", .version = {2, 5}, .argument = "enable_gqa"},
    {.name = "aten::rms_norm", .version = {2, 4}},
};

// Whether the argument is given as anything but None or false.
bool Gives(const torch::jit::Node& node, std::string_view argument) {
  const c10::FunctionSchema* schema = node.maybeSchema();
  const auto index =
      schema == nullptr ? std::nullopt : schema->argumentIndexWithName(std::string(argument));
  if (!index || static_cast<std::size_t>(*index) >= node.inputs().size()) return false;
  const auto value = torch::jit::toIValue(node.input(static_cast<std::size_t>(*index)));
  return !value || !(value->isNone() || (value->isBool() && !value->toBool()));
}

void Visit(const torch::jit::Block& block, Version& oldest) {
  for (const torch::jit::Node* node : block.nodes()) {
    for (const Newer& newer : kNewer) {
      if (newer.name != node->kind().toQualString()) continue;
      if (newer.argument.empty() || Gives(*node, newer.argument)) {
        oldest = std::max(oldest, newer.version);
      }
    }
    for (const torch::jit::Block* inner : node->blocks()) Visit(*inner, oldest);
  }
}

}  // namespace

std::string OldestVersion(const torch::jit::Module& module) {
  const auto graph =
      torch::jit::toGraphFunction(module.get_method("forward").function()).graph()->copy();
  torch::jit::Inline(*graph);
  Version oldest = kOldest;
  Visit(*graph->block(), oldest);
  return std::to_string(oldest.first) + "." + std::to_string(oldest.second);
}

}  // namespace fedge
