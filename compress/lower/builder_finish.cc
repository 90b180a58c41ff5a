#include <algorithm>

#include "fedge/lower/builder.h"

namespace fedge::lower {
namespace {

constexpr ValueId kDropped = kAbsent;

// Whether each node is needed for an output, and each value.
struct Needed {
  std::vector<bool> nodes;
  std::vector<bool> values;
};

Needed FindNeeded(const Program& program) {
  Needed needed{.nodes = std::vector<bool>(program.nodes.size()),
                .values = std::vector<bool>(program.values.size())};
  for (const Port& input : program.inputs) needed.values[input.value] = true;
  for (const Port& output : program.outputs) needed.values[output.value] = true;
  for (std::size_t i = program.nodes.size(); i-- > 0;) {
    const Node& node = program.nodes[i];
    if (std::ranges::none_of(node.outputs, [&](ValueId id) { return needed.values[id]; })) continue;
    needed.nodes[i] = true;
    for (const ValueId id : node.outputs) needed.values[id] = true;
    for (const ValueId id : node.inputs) {
      if (id != kAbsent) needed.values[id] = true;
    }
  }
  return needed;
}

}  // namespace

ProgramBuilder::Built ProgramBuilder::Finish() && {
  const Needed needed = FindNeeded(program_);
  std::vector<ValueId> renamed(program_.values.size(), kDropped);
  Built built;
  for (std::size_t i = 0; i < program_.values.size(); ++i) {
    if (!needed.values[i]) continue;
    renamed[i] = static_cast<ValueId>(built.program.values.size());
    built.program.values.push_back(std::move(program_.values[i]));
    built.constants.push_back(std::move(constants_[i]));
  }
  const auto rename = [&](ValueId& id) { id = id == kAbsent ? kAbsent : renamed[id]; };
  for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
    if (!needed.nodes[i]) continue;
    Node& node = built.program.nodes.emplace_back(std::move(program_.nodes[i]));
    std::ranges::for_each(node.inputs, rename);
    std::ranges::for_each(node.outputs, rename);
  }
  built.program.inputs = std::move(program_.inputs);
  built.program.outputs = std::move(program_.outputs);
  for (Port& port : built.program.inputs) rename(port.value);
  for (Port& port : built.program.outputs) rename(port.value);
  return built;
}

}  // namespace fedge::lower
