#include "fedge/engine/placement.h"

#include <algorithm>
#include <utility>

namespace fedge::internal {

Placement::Placement(const Graph& graph, std::int64_t batch)
    : graph_(graph),
      made_(graph.values.size()),
      uses_(graph.values.size()),
      slots_(graph.values.size()),
      places_(graph.values.size()) {
  for (const GraphValue& value : graph.values) dims_.push_back(At(value.shape, batch));
  CountUses();
  for (std::uint32_t port = 0; port < graph.outputs.size(); ++port) {
    output_blocks_.push_back(blocks_.size());
    blocks_.push_back({.memory = Memory::kOutput, .port = port});
  }
  for (std::uint32_t port = 0; port < graph.inputs.size(); ++port) {
    const ValueId id = graph.inputs[port].value;
    blocks_.push_back({.memory = Memory::kInput, .port = port});
    Put(id, {blocks_.size() - 1, DenseRegion(dims_[id], Layout::kRowMajor)});
  }
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    if (!graph.values[id].constant.has_value()) continue;
    const StoredTensor& stored = *graph.values[id].constant;
    const auto size = static_cast<std::int64_t>(DTypeSize(graph.values[id].dtype));
    blocks_.push_back({.memory = Memory::kConstant, .constant = id});
    Put(id, {blocks_.size() - 1,
             {static_cast<std::int64_t>(stored.offset) / size, dims_[id], stored.strides}});
  }
  FindSlots();
}

void Placement::CountUses() {
  for (const GraphNode& node : graph_.nodes) {
    for (const ValueId id : node.node.inputs) {
      if (id != kAbsent) ++uses_[id];
    }
    for (const ValueId id : node.node.outputs) made_[id] = true;
  }
  for (const Port& port : graph_.outputs) ++uses_[port.value];
}

bool Placement::CanTakeSlot(ValueId id) const {
  return made_[id] && slots_[id].kind == Slot::kNone;
}

void Placement::FindSlots() {
  for (std::uint32_t port = 0; port < graph_.outputs.size(); ++port) {
    const ValueId id = graph_.outputs[port].value;
    // Others would have to read it in the caller's layout.
    const bool fits = graph_.values[id].layout == Layout::kRowMajor || uses_[id] == 1;
    if (CanTakeSlot(id) && fits) slots_[id] = {.kind = Slot::kOutput, .port = port};
  }
  // Backwards, so that what a concat's output waits for is known before what its inputs do.
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
    const Node& made = node->node;
    if (std::holds_alternative<op::Concat>(made.op)) FindConcatSlots(made);
    if (!std::holds_alternative<op::Reshape>(made.op)) continue;
    // What is only reshaped on its way out is made there.
    const Slot& slot = slots_[made.outputs[0]];
    const ValueId x = made.inputs[0];
    if (slot.kind == Slot::kOutput && uses_[x] == 1 && CanTakeSlot(x)) slots_[x] = slot;
  }
}

void Placement::FindConcatSlots(const Node& concat) {
  const auto dim = static_cast<std::size_t>(std::get<op::Concat>(concat.op).dim);
  const ValueId output = concat.outputs[0];
  std::int64_t start = 0;
  for (const ValueId id : concat.inputs) {
    // One that others read as well is better kept without gaps.
    if (CanTakeSlot(id) && uses_[id] == 1 &&
        graph_.values[id].layout == graph_.values[output].layout) {
      slots_[id] = {.kind = Slot::kConcat, .concat = output, .dim = dim, .start = start};
    }
    start += dims_[id][dim];
  }
}

Place Placement::SlotIn(const Slot& slot, ValueId id) const {
  const Place& whole = *places_[slot.concat];
  Region region{whole.region.offset, dims_[id], whole.region.strides};
  region.offset += slot.start * region.strides[slot.dim];
  return {whole.block, std::move(region)};
}

Place Placement::Home(ValueId id) {
  // Concats may be inputs of concats: the outermost gets its place first.
  std::vector<ValueId> chain = {id};
  while (slots_[chain.back()].kind == Slot::kConcat &&
         !places_[slots_[chain.back()].concat].has_value()) {
    chain.push_back(slots_[chain.back()].concat);
  }
  for (;;) {
    const ValueId inner = chain.back();
    const Slot& slot = slots_[inner];
    Place place;
    if (slot.kind == Slot::kNone) {
      place = NewPlace(inner, graph_.values[inner].layout);
    } else if (slot.kind == Slot::kOutput) {
      place = {output_blocks_[slot.port], DenseRegion(dims_[inner], Layout::kRowMajor)};
    } else {
      place = SlotIn(slot, inner);
    }
    if (inner == id) return place;
    Put(inner, std::move(place));
    chain.pop_back();
  }
}

Place Placement::OutputPlace(std::uint32_t port) const {
  return {output_blocks_[port], DenseRegion(dims_[graph_.outputs[port].value], Layout::kRowMajor)};
}

Place Placement::NewPlace(ValueId id, Layout layout) {
  Region region = DenseRegion(dims_[id], layout);
  const auto bytes =
      static_cast<std::size_t>(NumElements(region.dims)) * DTypeSize(graph_.values[id].dtype);
  blocks_.push_back({.memory = Memory::kArena, .bytes = bytes});
  return {blocks_.size() - 1, std::move(region)};
}

void Placement::Put(ValueId id, Place place) {
  blocks_[place.block].uses += uses_[id];
  places_[id] = std::move(place);
}

void Placement::Consume(ValueId id) { --blocks_[places_[id]->block].uses; }

void Placement::Touch(std::size_t block, std::size_t step) {
  Block& touched = blocks_[block];
  if (!std::exchange(touched.touched, true)) touched.first_step = step;
  touched.last_step = step;
}

std::size_t Placement::AddScratch(std::size_t bytes, std::size_t step) {
  blocks_.push_back({.memory = Memory::kArena, .bytes = bytes});
  Touch(blocks_.size() - 1, step);
  return blocks_.size() - 1;
}

std::size_t Placement::Finish() {
  std::vector<Lifetime> lifetimes(blocks_.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    if (block.memory != Memory::kArena || !block.touched) continue;
    lifetimes[i] = {block.bytes, block.first_step, block.last_step};
  }
  const std::size_t peak = PlanArena(lifetimes);
  offsets_.resize(blocks_.size());
  std::transform(lifetimes.begin(), lifetimes.end(), offsets_.begin(),
                 [](const Lifetime& lifetime) { return lifetime.offset; });
  return peak;
}

}  // namespace fedge::internal
